"""The signals of one arm on record: complete with their symbols, across restarts, never twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alphabus.continuity import Follower, Place
from alphabus.messages import EndOfStream, Mode, Reason, Signals, Status, Streamed, Universe
from alphabus.testing import day_ns, signals, universe
from common.market.journal import Journal
from common.message_log import UNIVERSE, MessageLog
from services.signal_cache.shelf import RECENT, Shelf

TOPIC = "t/signals/champion/"
JOURNAL = bytes(16)


@contextmanager
def shelf(folder: Path) -> Iterator[Shelf]:
    """A shelf over what is on record, closed at the end."""
    it = Shelf(TOPIC, MessageLog(Journal.open(folder, sync="never", landmark=UNIVERSE)))
    yield it
    it.close()


def on_record(folder: Path) -> list[str]:
    """The record, as short words."""
    with Journal.open(folder, sync="never", landmark=UNIVERSE) as journal:
        return [word(message) for message in MessageLog(journal).read()]


def word(message: Streamed) -> str:
    """Kind and bar; of a universe its symbols, of a revision its number."""
    if isinstance(message, Universe):
        return "".join(message.symbols)
    return f"{message.bar}" + (f".{message.revision}" if isinstance(message, Signals) and message.revision else "")


def test_each_section_has_its_symbols_before_it(tmp_path: Path) -> None:
    """A universe is written when a section needs it, not when it is said."""
    with shelf(tmp_path) as it:
        taken = [
            it.take(message)
            for message in (
                universe("AB"), universe("ABC"), signals(1, {"A": 1.0, "B": 2.0}), signals(2, {"A": 1.0, "B": 2.0}),
                signals(3, {"A": 1.0, "B": 2.0, "C": 3.0}), signals(4, {"A": 1.0, "B": 2.0}),
            )
        ]  # fmt: skip
    assert taken == [False, False, True, True, True, True]
    assert on_record(tmp_path) == ["AB", "1", "2", "ABC", "3", "AB", "4"]


def test_a_restart_knows_where_to_go_on(tmp_path: Path) -> None:
    """Latest section, its symbols, and the place in the stream; a revision is later than what it revises."""
    with shelf(tmp_path) as it:
        assert it.follower() == Follower(TOPIC)
        it.take(universe("A"))
        it.take(signals(4, {"A": 1.0}, status=Status.HELD, age=1))
        it.take(signals(4, {"A": 2.0}, status=Status.LATE, revision=1))
    with shelf(tmp_path) as it:
        assert it.bar == 4
        assert it.follower() == Follower(TOPIC, JOURNAL, Place(4, 2))
        assert it.universe == universe("A", 4)
        it.take(signals(5, {"A": 3.0}))
    assert on_record(tmp_path) == ["A", "4", "4.1", "5"]


def test_the_end_is_on_record_once(tmp_path: Path) -> None:
    """Also when it is said again after a restart."""
    end = EndOfStream(JOURNAL, 1, Mode.LIVE)
    for expected in (True, False):
        with shelf(tmp_path) as it:
            assert it.ended is not expected
            assert it.take(end) is expected
    assert on_record(tmp_path) == ["1"]


def test_a_stream_that_goes_on_after_its_end_ends_again(tmp_path: Path) -> None:
    """Also after a restart; a late revision of what is before the end is not more of it."""
    with shelf(tmp_path) as it:
        it.take(signals(1, {"A": 1.0}, status=Status.HELD, age=1))
        it.take(EndOfStream(JOURNAL, 1, Mode.LIVE))
        it.take(signals(1, {"A": 1.0}, status=Status.LATE, revision=1))
        assert it.ended
        it.take(signals(2, {"A": 1.0}))
        assert not it.ended
    with shelf(tmp_path) as it:
        assert not it.ended
        assert it.take(EndOfStream(JOURNAL, 2, Mode.LIVE))
        assert it.ended
    with shelf(tmp_path) as it:
        assert it.ended
    assert on_record(tmp_path) == ["1", "1", "1.1", "2", "2"]


def test_history_gives_the_universe_in_force_first(tmp_path: Path) -> None:
    """Of any span of bars, and again where it changes within."""
    with shelf(tmp_path) as it:
        for message in (universe("A"), universe("AB")):
            it.take(message)
        for bar in range(1, 7):
            it.take(signals(bar, {"A": 1.0} if bar < 4 else {"A": 1.0, "B": 2.0}))
        assert [word(message) for message in it.history(2, 5)] == ["A", "2", "3", "AB", "4", "5"]
        assert [word(message) for message in it.history(5, 9)] == ["AB", "5", "6"]
        assert list(it.history(7, 9)) == []


def test_a_section_is_found_by_its_close_time(tmp_path: Path) -> None:
    """Its last revision, with its symbols; if none closes then, those before and after it."""
    with shelf(tmp_path) as it:
        assert list(it.around(day_ns(1))) == []
        it.take(universe("A"))
        for bar in (1, 2, 4):
            it.take(signals(bar, {"A": 1.0}, status=Status.HELD, reason=Reason.TIMEOUT, age=1))
        it.take(signals(4, {"A": 2.0}, status=Status.LATE, revision=1))
    for _ in range(2):
        with shelf(tmp_path) as it:
            found = {time: [word(message) for message in it.around(day_ns(time))] for time in range(6)}
    assert found == {
        0: ["A", "1"], 1: ["A", "1"], 2: ["A", "2"], 3: ["A", "2", "4.1"], 4: ["A", "4.1"], 5: ["A", "4.1"],
    }  # fmt: skip


def test_old_sections_are_found_as_well(tmp_path: Path) -> None:
    """Beyond those in memory, from the record; a span may lie on both."""
    last = RECENT + 20
    with shelf(tmp_path) as it:
        it.take(universe("A"))
        for bar in range(1, last + 1):
            it.take(signals(bar, {"A": 1.0}))
        for bar in (1, 15, 21, 22, last):
            assert [word(message) for message in it.around(day_ns(bar))] == ["A", str(bar)]
            assert [word(message) for message in it.history(bar, bar + 1)][:2] == ["A", str(bar)]
        assert [word(message) for message in it.history(18, 24)] == ["A", *map(str, range(18, 25))]


def test_any_number_of_universes(tmp_path: Path) -> None:
    """Each section is answered with its own symbols, also where memory has forgotten them or a restart came."""
    last = RECENT + 20
    symbols = {bar: f"S{bar}" for bar in range(1, last + 1)}
    with shelf(tmp_path) as it:
        for bar, symbol in symbols.items():
            it.take(universe([symbol], bar))
            it.take(signals(bar, {symbol: 1.0}))
    for _ in range(2):
        with shelf(tmp_path) as it:
            for bar in (1, 2, 15, last - RECENT, last - RECENT + 1, last):
                assert [word(message) for message in it.around(day_ns(bar))] == [symbols[bar], str(bar)]
            assert [word(message) for message in it.history(19, 21)] == ["S19", "19", "S20", "20", "S21", "21"]


def test_a_section_whose_symbols_were_never_told(tmp_path: Path) -> None:
    """It is on record and answered, without symbols: never with those of another section."""
    with shelf(tmp_path) as it:
        it.take(universe("A"))
        it.take(signals(1, {"A": 1.0}))
        it.take(signals(2, {"B": 1.0}))
        assert [word(message) for message in it.history(1, 2)] == ["A", "1", "2"]
        assert [word(message) for message in it.history(2, 2)] == ["2"]
