"""From what a source has to a section over all tracked symbols."""

from __future__ import annotations

import numpy as np

from alphabus.messages import Mode, universe_digest
from common.market.membership import Membership
from services.bar_feed.alignment import Alignment
from tests.services.markets import raw_section, toy_market

JOURNAL = b"j" * 16


def test_symbols_find_their_places() -> None:
    """Ascending among all that were ever seen; who has no bar is NaN in every column, and still a member."""
    alignment = Alignment(Membership(3))
    alignment.align(raw_section(1, {"B": 2.0, "D": 4.0}), JOURNAL, 1, Mode.HISTORY)
    universe, bars = alignment.align(raw_section(2, {"A": 1.0, "D": 5.0}), JOURNAL, 2, Mode.REPLAY)
    assert universe is not None
    assert universe.symbols == ("A", "B", "D")
    assert bars.universe == universe.universe == universe_digest(("A", "B", "D"))
    for name in ("open", "high", "low", "close"):
        assert str(bars.columns[name].tolist()) == "[1.0, nan, 5.0]"
    assert bars.columns["member"].tolist() == [1, 1, 1]
    assert bars.columns["price_factor"].tolist() == bars.columns["share_factor"].tolist() == [1.0] * 3
    assert bars.coverage == 0.5


def test_the_universe_is_said_once_a_change() -> None:
    """And names the bar it is in force from."""
    alignment = Alignment(Membership(3))
    said = [
        alignment.align(raw_section(bar, closes), JOURNAL, bar, Mode.REPLAY)[0]
        for bar, closes in enumerate([{"A": 1.0}, {"A": 1.0}, {"B": 1.0}, {"A": 1.0}], 1)
    ]
    assert [None if universe is None else universe.bar for universe in said] == [1, None, 3, None]


def test_a_symbol_that_stays_away_is_expected_no_more() -> None:
    """After more than `patience_bars`; it stays tracked, and is no member."""
    alignment = Alignment(Membership(2))
    for bar in range(1, 5):
        closes = {"A": 1.0, "B": 1.0, "C": 1.0} if bar == 1 else {"A": 1.0, "B": 1.0}
        _, bars = alignment.align(raw_section(bar, closes), JOURNAL, bar, Mode.REPLAY)
    assert alignment.expected == 2
    assert bars.columns["member"].tolist() == [1, 1, 0]


def test_restoring_equals_having_been_there() -> None:
    """At any point in the middle: the sections that follow are the same to the bit, with no universe said again."""
    sections = toy_market(7).sections
    for cut in range(1, len(sections)):
        whole, restored, listed = Alignment(Membership(3)), Alignment(Membership(3)), tuple[str, ...]()
        for bar, raw in enumerate(sections[:cut], 1):
            universe, bars = whole.align(raw, JOURNAL, bar, Mode.REPLAY)
            listed = listed if universe is None else universe.symbols
            restored.restore(bars, listed)
        for bar, raw in enumerate(sections[cut:], cut + 1):
            assert whole.expected == restored.expected
            universe, bars = whole.align(raw, JOURNAL, bar, Mode.REPLAY)
            again, same = restored.align(raw, JOURNAL, bar, Mode.REPLAY)
            assert universe == again
            assert bars.coverage == same.coverage
            assert bars.universe == same.universe
            for name, column in bars.columns.items():
                np.testing.assert_array_equal(column, same.columns[name])


def test_a_symbol_that_is_forgotten_leaves_the_list() -> None:
    """With a universe that lacks it, in the section in which it would have been the third without a bar."""
    alignment = Alignment(Membership(1, forget_bars=2))
    said = [
        alignment.align(raw_section(bar, dict.fromkeys(symbols, 1.0)), JOURNAL, bar, Mode.REPLAY)
        for bar, symbols in enumerate(["AB", "A", "A", "A", "AB"], 1)
    ]
    assert [universe and universe.symbols for universe, _ in said] == [("A", "B"), None, None, ("A",), ("A", "B")]
    assert [len(bars.columns["close"]) for _, bars in said] == [2, 2, 2, 1, 2]


def test_the_list_of_the_record_is_taken_from_there() -> None:
    """A feed that is told to forget by now says so in its next section: its readers know of another list."""
    remembers, forgets = Alignment(Membership(1)), Alignment(Membership(1, forget_bars=2))
    for bar, symbols in enumerate(["AB", "A", "A", "A"], 1):
        _, bars = remembers.align(raw_section(bar, dict.fromkeys(symbols, 1.0)), JOURNAL, bar, Mode.REPLAY)
        forgets.restore(bars, ("A", "B"))
    universe, bars = forgets.align(raw_section(5, {"A": 1.0}), JOURNAL, 5, Mode.REPLAY)
    assert universe is not None
    assert (universe.symbols, bars.universe) == (("A",), universe.universe)
