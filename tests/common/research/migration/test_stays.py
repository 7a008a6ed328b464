"""Who belonged to the index when, from what its filter left."""

import polars as pl

from common.market.constituents import Constituents, Interval
from common.research.migration.stays import constituents_of

DAY, HOUR = 86_400_000_000_000, 3_600_000_000_000
GRID = [(0, "a"), (0, "b"), (24, "a"), (48, "a"), (48, "b"), (72, "a"), (72, "b")]


def bars(*keys: tuple[int, str]) -> pl.DataFrame:
    """Bars of (hour, symbol)."""
    return pl.DataFrame({"stamp": [hour * HOUR for hour, _ in keys], "symbol": [symbol for _, symbol in keys]})


def stays(kept: list[int], keys: list[tuple[int, str]]) -> list[tuple[str, int, int]]:
    """Symbol, and both ends in whole hours, of what is found where these rows were kept."""
    loaded = bars(*keys).sort("stamp", "symbol")
    found = constituents_of(loaded[kept], loaded)
    assert found is not None
    return [(each.symbol, each.first // HOUR, (each.last + 1) // HOUR) for each in found.intervals]


def test_nothing_filtered_is_no_index() -> None:
    """Whoever has bars is in."""
    assert constituents_of(bars(*GRID), bars(*GRID)) is None


def test_stays_are_runs_of_rows_that_the_filter_left() -> None:
    """Of the bars that were loaded, in whole days: a day without a bar ends no stay."""
    assert stays([0, 1, 3, 4, 5], GRID) == [("a", 0, 24), ("a", 48, 96), ("b", 0, 72)]


def test_a_stay_that_ends_within_a_day_ends_with_its_bar() -> None:
    """Where it has a bar on the rest of that day; else it is the whole day, whoever else has one."""
    keys = [(9, "a"), (10, "a"), (11, "b"), (34, "a"), (35, "a")]
    assert stays([1, 3], keys) == [("a", 10, 34)]
    assert stays([0, 1, 2], keys) == [("a", 0, 24), ("b", 0, 24)]


def test_stays_are_those_of_any_order_of_rows() -> None:
    """A filter gives symbol after symbol."""
    loaded = bars(*GRID)
    kept = loaded[[6, 4, 1, 0]]
    expected = Constituents.of([Interval("a", 0, DAY - 1), Interval("b", 0, 4 * DAY - 1)])
    assert constituents_of(kept, loaded) == expected
