"""Who is not on the allow-list is told so, by the client and by both commands, and no longer once it is let in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from alphabus import __main__ as command
from alphabus.client import SignalClient
from alphabus.errors import RequestError
from alphabus.lost import Tidings
from alphabus.opening import SNAPSHOT_NS
from alphabus.outlet import Outlet
from alphabus.testing import ManualClock, signals_script
from alphabus.testing.fixtures import MakeFeed, manual_clock, memory_bus, scripted_feed
from tests.alphabus.links import SERVICE, Stage
from tests.alphabus.security.doors import Site, card, site

__all__ = ["manual_clock", "memory_bus", "scripted_feed"]

UNLISTED = "our key is not on its allow-list"
CACHE = "signal_cache"
WAIT_NS = 1_000_000_000
PATIENCE_S = 20.0  # only what is broken takes that long


@dataclass(frozen=True, slots=True)
class Outside:
    """Worker and cache, whose list lacks the client, and the client's card."""

    site: Site
    stage: Stage
    cache: Outlet
    card: Path

    def client(self) -> SignalClient:
        """One that listens to the worker at once: the cache had its time."""
        clock = ManualClock()
        made = SignalClient("t", run_dir=self.site.folder, keys=self.card, clock=clock, wait=lambda *_: None)
        self.site.stack.callback(made.close)
        clock.advance(SNAPSHOT_NS)
        return made

    def until(self, done: Callable[[], bool]) -> None:
        """Let both take their turns, in which they look after their doors."""
        give_up = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < give_up
            self.stage.turn()
            self.cache.serve(self.stage.outbox, self.stage.answer)


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    """The bar feed is away."""
    with site(tmp_path, SERVICE, CACHE) as made:
        made.list_peers("client")
        cache = Outlet(made.wire(CACHE).bus, CACHE, epoch=1)
        made.stack.callback(cache.close)
        yield Outside(made, made.stage(), cache, card(made, tmp_path / "card"))


def refusals(client: SignalClient) -> Mapping[str, str]:
    """What it says by now."""
    client.receive(0)
    return client.refusals


def test_a_client_says_who_refuses_it(outside: Outside) -> None:
    """And no longer once its key is on the list."""
    client = outside.client()
    outside.until(lambda: len(refusals(client)) == len((SERVICE, CACHE)))
    assert client.refusals == {SERVICE: UNLISTED, CACHE: UNLISTED}
    assert client.link == "refused"
    outside.site.list_peers()
    outside.until(lambda: not refusals(client))
    assert client.link != "refused"


def test_who_gets_its_signals_is_not_told_that_the_link_is_refused(scripted_feed: MakeFeed) -> None:
    """A cache that refuses is one thing, `refusals` has it; that nothing comes is another, and refusal the reason."""
    feed = scripted_feed(signals_script([{"A": 1.0}, {"A": 2.0}]))
    with feed.client() as client:
        feed.play(9)
        address = "tcp://elsewhere:1"
        client._bus = replace(client._bus, endpoints=replace(client._bus.endpoints, tcp={CACHE: (address, address)}))
        client._refusals("link_refused", address=address, why=UNLISTED)
        assert client.link == "refused"
        assert client.receive(WAIT_NS) is not None
        feed.beat()
        client.receive(WAIT_NS)
        assert client.link == "current"
        assert client.refusals == {CACHE: UNLISTED}


def test_a_question_to_a_cache_that_refuses_says_so(outside: Outside) -> None:
    """It is not silent without a reason."""
    client = outside.client()
    outside.until(lambda: CACHE in refusals(client))
    with pytest.raises(RequestError, match=f"did not answer 'latest' in 0 s; it refuses us: {UNLISTED}"):
        client.latest(0)


def test_status_says_who_refuses(
    outside: Outside, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard error beside the table, and in the line for programs."""
    monkeypatch.setattr(command, "ANSWER_NS", 100_000_000)
    where = ["status", "t", "--run-dir", str(outside.site.folder), "--keys", str(outside.card), "--json"]
    told: list[dict[str, str]] = []

    def tells() -> bool:
        assert command.main(where) == 1
        shown = capsys.readouterr()
        told.append(json.loads(shown.out)["refused"])
        return shown.err.splitlines() == [f"alphabus: {name} refuses us: {UNLISTED}" for name in (SERVICE, CACHE)]

    outside.until(tells)
    assert told[-1] == {SERVICE: UNLISTED, CACHE: UNLISTED}


def test_a_watcher_is_told_once() -> None:
    """When it begins; the state of the link tells when it ends."""
    tidings = Tidings()
    refusals = {SERVICE: UNLISTED}
    assert list(tidings.of("refused", {}, refusals)) == ["link: refused", f"refused: {SERVICE} {UNLISTED}"]
    assert list(tidings.of("refused", {}, refusals)) == []
    assert list(tidings.of("gap", {}, {})) == ["link: gap"]
