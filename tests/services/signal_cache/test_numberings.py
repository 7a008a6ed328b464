"""The numberings of an arm's record: the present one answers, those that were left lie beside, none is mixed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from alphabus.bus import Bus
from alphabus.inlet import Inlet
from alphabus.messages import EndOfStream, Mode, Signals, Streamed
from alphabus.outbox import Outbox, Page
from alphabus.outlet import Outlet
from alphabus.testing import memory_bus, signals, universe
from common.counters import Counters
from common.service import Context
from services.signal_cache.service import SignalCache
from tests.services.cluster import silent_log, toy_config

FIRST, SECOND, NEVER = b"1" * 16, b"2" * 16, b"3" * 16
TOPIC = "test/signals/champion/"

Said = list[tuple[bytes, int | str]]
"""Journal and bar of each section of an answer; of what is no section and no list of symbols its kind."""


@dataclass(slots=True)
class Pair:
    """A cache, the worker it hears, and somebody who asks it."""

    cache: SignalCache
    worker: Outlet
    asker: Inlet

    def go_on(self) -> None:
        """Everybody has some turns."""
        for _ in range(4):
            self.worker.serve(Outbox(0), lambda _: Page((), complete=True))
            self.cache.run_once()
            self.asker.receive()

    def say(self, *messages: Streamed) -> None:
        """The worker does."""
        for message in messages:
            self.worker.publish(TOPIC, message)
        self.go_on()

    def history(self, **asked: int | bytes) -> Said:
        """What the cache answers."""
        question = self.asker.request("history", arm="champion", **asked)
        self.go_on()
        answer = self.asker.answer(question)
        assert answer is not None
        assert answer[0].error is None
        said = [each.message for each in answer[1] if isinstance(each.message, Signals | EndOfStream)]
        return [(it.journal, it.bar if isinstance(it, Signals) else it.kind) for it in said]

    @property
    def folders(self) -> list[str]:
        """The records there are."""
        return sorted(path.name for path in (self.cache.context.state / "signals").iterdir())


@contextmanager
def paired(folder: Path) -> Iterator[Pair]:
    """Over what is on record in a folder."""
    bus = memory_bus()
    made = Pair(started(bus, folder), Outlet(bus, "inference_worker", 1), Inlet(bus, "a test", "signal_cache", []))
    made.go_on()
    yield made
    made.cache.close()


def started(bus: Bus, folder: Path) -> SignalCache:
    """A cache."""
    return SignalCache(Context(toy_config(folder, folder / "registry"), bus, silent_log(), Counters(), 1))


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """With two sections of a first numbering on record."""
    with paired(tmp_path) as made:
        made.say(*begun(FIRST, 1, 2))
        yield made


def begun(journal: bytes, *bars: int) -> list[Streamed]:
    """A numbering's list of symbols and sections."""
    return [universe("AB", journal=journal), *(signals(bar, {"A": 1.0, "B": 2.0}, journal=journal) for bar in bars)]


def test_of_the_numbering_that_is_on_record_what_follows_comes(pair: Pair) -> None:
    """From the bar that was asked for on, and the end; without a name no end."""
    pair.say(EndOfStream(FIRST, 2, Mode.LIVE))
    assert pair.history(journal=FIRST, **{"from": 2}) == [(FIRST, 2), (FIRST, "end")]
    assert pair.history(**{"from": 2}) == [(FIRST, 2)]
    assert pair.history(journal=b"", **{"from": 2}) == [(FIRST, 2)]
    assert pair.history(journal=FIRST, **{"from": 0, "to": 1}) == [(FIRST, 1)]


def test_of_one_that_was_left_the_present_one_comes_whole(pair: Pair) -> None:
    """Whatever bar was asked from: its bars are not those of the present one."""
    pair.say(*begun(SECOND, 1, 2, 3))
    assert pair.history(journal=FIRST, **{"from": 3}) == [(SECOND, 1), (SECOND, 2), (SECOND, 3)]
    assert pair.history(journal=SECOND, **{"from": 3}) == [(SECOND, 3)]


def test_of_one_that_never_was_on_record_nothing_comes(pair: Pair) -> None:
    """It has not begun here: the worker has forgotten nothing of it yet."""
    assert pair.history(journal=NEVER) == []


def test_a_list_of_symbols_begins_no_numbering(pair: Pair) -> None:
    """As long as no section follows the record is of the one before; then the list is there."""
    listed, *sections = begun(SECOND, 1)
    pair.say(listed)
    assert pair.history(journal=FIRST) == [(FIRST, 1), (FIRST, 2)]
    assert pair.folders == ["champion"]
    pair.say(*sections)
    assert pair.history(journal=FIRST) == [(SECOND, 1)]
    assert pair.cache._shelves["champion"].universe == listed


def test_an_end_alone_begins_one(pair: Pair) -> None:
    """Who asks from the one before learns that it was left; another one after it has a record of its own."""
    pair.say(EndOfStream(SECOND, 0, Mode.LIVE))
    assert pair.history(journal=FIRST, **{"from": 2}) == [(SECOND, "end")]
    pair.say(*begun(NEVER, 1))
    assert pair.history(journal=SECOND) == [(NEVER, 1)]
    assert pair.folders == ["champion", f"champion.{FIRST.hex()}", f"champion.{SECOND.hex()}"]


def test_a_restart_knows_what_was_left(pair: Pair, tmp_path: Path) -> None:
    """By the folders that lie beside; what somebody else has put there is nobody's numbering."""
    pair.say(*begun(SECOND, 1))
    (tmp_path / "state" / "signals" / "champion.backup").mkdir()
    pair.cache.close()
    with paired(tmp_path) as again:
        assert again.history(journal=FIRST, **{"from": 2}) == [(SECOND, 1)]
        assert again.history(journal=NEVER) == []


def test_of_what_was_left_only_the_name_is_needed(pair: Pair, tmp_path: Path) -> None:
    """People make room: whoever is still in that numbering is led on all the same."""
    pair.say(*begun(SECOND, 1))
    for path in (tmp_path / "state" / "signals" / f"champion.{FIRST.hex()}").iterdir():
        path.unlink()
    assert pair.history(journal=FIRST, **{"from": 2}) == [(SECOND, 1)]
    pair.cache.close()
    with paired(tmp_path) as again:
        assert again.history(journal=FIRST, **{"from": 2}) == [(SECOND, 1)]


def test_a_numbering_may_come_back_and_be_left_again(pair: Pair) -> None:
    """People restored the feed's folder, twice: each record lies beside under a name of its own."""
    pair.say(*begun(SECOND, 1), *begun(FIRST, 3))
    assert pair.history(journal=FIRST, **{"from": 3}) == [(FIRST, 3)]
    assert pair.history(journal=SECOND, **{"from": 2}) == [(FIRST, 3)]
    pair.say(*begun(SECOND, 2))
    assert pair.history(journal=FIRST, **{"from": 4}) == [(SECOND, 2)]
    assert pair.folders == [
        "champion",
        f"champion.{FIRST.hex()}",
        f"champion.{FIRST.hex()}.1",
        f"champion.{SECOND.hex()}",
    ]
