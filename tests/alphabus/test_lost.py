"""What a client's links lost is counted by writer and kind, and whoever watches is told."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from alphabus import __main__ as command
from alphabus.client import SignalClient
from alphabus.endpoints import SERVICES
from alphabus.errors import REFUSALS, DecodeError
from alphabus.inlet import LOOK_NS
from alphabus.losses import LOSSES, QUIET
from alphabus.lost import UNREADABLE, Lost, Tidings
from alphabus.testing import Line, ManualClock, ScriptedFeed, signals_script
from alphabus.testing.fixtures import MakeFeed, manual_clock, memory_bus, scripted_feed

__all__ = ["manual_clock", "memory_bus", "scripted_feed"]

WORKER, TOPIC = "inference_worker", "test/signals/champion/"
DAYS = [{"A": float(bar)} for bar in range(1, 9)]
HOLE, NOISE = 4, 6  # before which line of the script


def lossy(made: list[ScriptedFeed], clock: ManualClock) -> Iterator[Line]:
    """A stream to its end, with a hole in its series, then bytes that are no message; and time to look for losses."""
    for number, line in enumerate(signals_script(DAYS, end=True)):
        outlet = made[0].outlets[WORKER]
        if number == HOLE:
            outlet._seqs[TOPIC] += 1  # as if a message were lost on the way
        if number == NOISE:
            outlet._live.send([TOPIC.encode(), b"\xff", b""])
        clock.advance(LOOK_NS)
        yield line


@pytest.fixture
def client(scripted_feed: MakeFeed, manual_clock: ManualClock) -> Iterator[SignalClient]:
    """One that listens to it."""
    made = list[ScriptedFeed]()
    made.append(scripted_feed(lossy(made, manual_clock)))
    with made[0].client() as listening:
        yield listening


def test_a_client_counts_what_its_links_lost(client: SignalClient) -> None:
    """Though nothing is missing: the hole was filled, and what was no message was left out."""
    assert [section.signals.bar for section in client] == list(range(1, 9))
    assert loud(client) == {(WORKER, "gaps"): 1, (WORKER, UNREADABLE): 1}


def loud(client: SignalClient) -> dict[tuple[str, str], int]:
    """Without what every start brings."""
    return {key: count for key, count in client.losses.items() if key[1] not in QUIET}


def test_a_watcher_is_told(
    client: SignalClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard error, each once; what it watches goes to standard output undisturbed."""
    monkeypatch.setattr(command, "SignalClient", lambda *_, **__: client)
    assert command.main(["watch", "test", "--mode", "live"]) == 0
    shown = capsys.readouterr()
    told = [line for line in shown.err.splitlines() if line.startswith("lost: ")]
    assert told == [f"lost: {WORKER} gaps 1", f"lost: {WORKER} {UNREADABLE} 1"]
    assert len(shown.out.splitlines()) == len(DAYS)


def test_counts_stay_few() -> None:
    """However much is lost, and for whatever reason: one for each writer and kind."""
    lost = Lost()
    for _ in range(3):
        for writer, what in product(SERVICES, LOSSES):
            lost.found(writer, what, 2)
        for writer, reason in product(SERVICES, REFUSALS):
            lost.refused(writer, DecodeError(reason, "of a test"), [])
    assert lost.counts == {
        **dict.fromkeys(product(SERVICES, LOSSES), 6),
        **dict.fromkeys(product(SERVICES, [UNREADABLE]), 3 * len(REFUSALS)),
    }


def test_news_is_told_once() -> None:
    """The state when it changed, what is new of each loss, and nothing of what every start brings."""
    tidings = Tidings()
    gaps, quiet = ("bar_feed", "gaps"), dict.fromkeys(product(["bar_feed"], QUIET), 5)
    assert list(tidings.of("current", quiet, {})) == []
    assert list(tidings.of("gap", {gaps: 1, **quiet}, {})) == ["link: gap", "lost: bar_feed gaps 1"]
    assert list(tidings.of("gap", {gaps: 1, **quiet}, {})) == []
    assert list(tidings.of("current", {gaps: 3}, {})) == ["link: current", "lost: bar_feed gaps 2"]
