"""Walking over an exchange's history: complete, in order, none twice, and never for ever."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.market.importing.candles import Candle, Wanted, walk

STEP = 60_000


@dataclass(slots=True)
class Scripted:
    """An exchange that has bars at some minutes, and gives so many a page; what it was asked for is noted."""

    minutes: frozenset[int]
    page_bars: int
    back: int = 0
    """How many bars before the one asked for it gives, too."""
    window: bool = False
    """Whether a page is a stretch of time, empty where nothing traded, or the next bars there are."""
    asked: list[int] = field(default_factory=list)

    def now_ms(self) -> int:
        """Not asked here."""
        raise NotImplementedError

    def page(self, _symbol: str, _interval: str, since_ms: int) -> list[Candle]:
        """Bars in no particular order."""
        self.asked.append(since_ms)
        first = since_ms // STEP - self.back
        later = sorted(minute for minute in self.minutes if minute >= first)[: self.page_bars]
        if self.window:
            later = [minute for minute in later if minute < first + self.page_bars]
        return [candle(minute) for minute in reversed(later)]


def candle(minute: int) -> Candle:
    """A flat bar."""
    return Candle(minute * STEP, 1.0, 1.0, 1.0, 1.0, float(minute))


def wanted(first: int, last: int) -> Wanted:
    """Minutes of one symbol."""
    return Wanted("X", "1min", STEP, first * STEP, last * STEP)


def minutes(source: Scripted, first: int, last: int, now: int) -> list[int]:
    """What a walk gives."""
    pages = walk(source, wanted(first, last), now * STEP)
    return [candle.opened_ms // STEP for page in pages for candle in page]


EXCHANGES = st.builds(Scripted, st.frozensets(st.integers(0, 60)), st.integers(2, 9), st.integers(0, 1), st.booleans())


@given(EXCHANGES, st.integers(0, 60), st.integers(0, 60), st.integers(0, 70))
@example(Scripted(frozenset({5}), 2, back=1, window=True), 4, 9, 9)
def test_a_walk_gives_every_complete_bar_once(source: Scripted, first: int, last: int, now: int) -> None:
    """Whatever the pages are like: holes, repeats, no order, empty ones, bars that are forming."""
    source.asked.clear()
    expected = sorted(minute for minute in source.minutes if first <= minute <= last and minute + 1 <= now)
    assert minutes(source, first, last, now) == expected
    assert source.asked == sorted(set(source.asked))


def test_a_forming_bar_is_left_out() -> None:
    """It is complete at its close, not a moment before."""
    source = Scripted(frozenset(range(5)), 10)
    pages = walk(source, wanted(0, 99), 5 * STEP - 1)
    assert [each.opened_ms // STEP for page in pages for each in page] == [0, 1, 2, 3]
    assert minutes(source, 0, 99, 5) == [0, 1, 2, 3, 4]


def test_an_exchange_that_ignores_where_to_begin_ends_all_the_same() -> None:
    """It gives the same old bars for ever."""

    class Stubborn(Scripted):
        def page(self, _symbol: str, _interval: str, since_ms: int) -> list[Candle]:
            """Always the first bars."""
            self.asked.append(since_ms)
            return [candle(minute) for minute in range(3)]

    source = Stubborn(frozenset(), 3)
    assert minutes(source, 10, 30, 40) == []
    assert len(source.asked) == 11


@pytest.mark.parametrize(("first", "last", "now"), [(5, 4, 99), (5, 9, 5)])
def test_nothing_is_asked_where_nothing_can_be(first: int, last: int, now: int) -> None:
    """An empty span, and one that has not begun to be complete."""
    source = Scripted(frozenset(range(20)), 3)
    assert minutes(source, first, last, now) == []
    assert source.asked == []
