"""Rows of an export among our sections; own bars and sections around them."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from common.market.panel import Panel
from common.research.migration.market import Market, any_within, depth_above, in_section
from common.research.migration.places import Places
from common.research.migration.traces import Traces

DAY = 86_400_000_000_000


def bars(*keys: tuple[int, str], **columns: Any) -> pl.DataFrame:
    """Bars of (day, symbol), all of price 2 and volume 1 but for what is told."""
    given = {"open": 2.0, "high": 2.0, "low": 2.0, "close": 2.0, "volume": 1.0, **columns}
    stamps = [day * DAY for day, _ in keys]
    numbers = {
        name: np.array(value, np.float64) if isinstance(value, list) else np.full(len(keys), value)
        for name, value in given.items()
    }
    return pl.DataFrame({"time": stamps, "stamp": stamps, "symbol": [symbol for _, symbol in keys], **numbers})


GRID = [(0, "a"), (0, "b"), (1, "a"), (2, "a"), (2, "b"), (3, "a"), (3, "b")]


def market(frame: pl.DataFrame, loaded: pl.DataFrame) -> Market:
    """All bars, all members."""
    panel = Panel.from_frame(frame)
    return Market.of(panel, panel.present, loaded, frame)


def test_rows_find_their_bars() -> None:
    """By stamp and symbol; what is no bar here is left out."""
    panel = Panel.from_frame(bars(*GRID))
    found = Places.of(bars((3, "b"), (1, "b"), (0, "a"), (9, "a"), (2, "c")), panel)
    assert (found.row.tolist(), found.section.tolist(), found.symbol.tolist()) == ([0, 2], [3, 0], [1, 0])
    assert found.take(panel.present).all()
    assert found.spread(np.array([5.0, 6.0]), panel)[3, 1] == 5.0


@pytest.mark.parametrize(("reach", "rows"), [(0, [1]), (1, [1, 2]), (None, [1, 2, 3])])
def test_windows_count_own_bars(reach: int | None, rows: list[int]) -> None:
    """A flag on the second bar of a symbol is seen from as many later bars as the window reaches."""
    present = np.array([[True, True], [True, False], [True, True], [True, True]])
    flags = np.zeros((4, 2), np.bool_)
    flags[1, 0] = True
    found = any_within(flags, present, reach)
    assert np.flatnonzero(found[:, 0]).tolist() == rows
    assert not found[:, 1].any()
    assert in_section(flags)[1].all()
    assert not in_section(flags)[0].any()


def test_depth_is_what_stands_above_a_part() -> None:
    """A delay of a mean reads that mean so many bars back; what is recursive reads all of them."""
    assert depth_above("ts_delay(ts_mean(close, 5), 3)", ["ts_mean(close, 5)"]) == [3]
    assert depth_above("ta_ema(close / open, 5)", ["close / open"]) == [None]


def test_a_missing_value_shows_as_far_as_it_is_read() -> None:
    """Beside it only through a section."""
    frame = bars(*GRID, close=[2.0, 2.0, 2.0, 2.0, 1.0, 3.0, 3.0])
    traces = Traces(market(frame, frame))
    gone = "log(close - 1)"
    assert traces.missing(f"{gone} * 2").tolist() == [False] * 4 + [True] + [False] * 2
    assert traces.missing(f"ts_mean({gone}, 2)").tolist() == [False] * 4 + [True, False, True]
    assert traces.missing(f"cs_mean({gone})").tolist() == [False] * 3 + [True, True, False, False]


def test_a_constant_window_counts_as_missing_where_vnpy_has_nothing() -> None:
    """A covariance with a constant is 0 here, and nothing there; a deviation of 0 is one to both."""
    frame = bars(*GRID, close=[2.0, 2.0, 2.0, 2.0, 1.0, 3.0, 3.0], open=[1.0, 1.0, 3.0, 2.0, 2.0, 4.0, 3.0])
    traces = Traces(market(frame, frame))
    assert traces.missing("cs_rank(ts_cov(close, open, 2))").tolist() == [True] * 5 + [False] * 2
    assert traces.missing("ts_std(close, 2)").tolist() == [False] * 7


def test_a_bar_that_is_none_here_shows_in_the_windows_after_it() -> None:
    """Of its symbol; a section that held it is another one."""
    frame = bars(*GRID)
    traces = Traces(market(frame, pl.concat([frame, bars((1, "b"))])))
    assert traces.suspended("ts_mean(close, 2)").tolist() == [False] * 4 + [True, False, True]
    assert traces.suspended("cs_mean(close)").tolist() == [False] * 2 + [True] * 3 + [False] * 2
    assert not Traces(market(frame, frame)).suspended("ts_mean(close, 2)").any()


def test_what_hangs_on_the_last_bits_is_found() -> None:
    """A comparison of equals, and what is read of it; no plain arithmetic."""
    frame = bars(*GRID, open=[2.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0])
    traces = Traces(market(frame, frame))
    assert traces.on_last_bits("close > open").tolist() == [True, False, True] + [False] * 4
    assert traces.on_last_bits("ts_mean(close > open, 2)").tolist() == [True, False, True, True] + [False] * 3
    assert not traces.on_last_bits("close / open").any()
