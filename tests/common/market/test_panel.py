"""Panels: long frames as dense columns."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.market.panel import Panel

NAMES = ("open", "high", "low", "close", "volume")


def frame_of(cells: dict[tuple[int, str], float]) -> pl.DataFrame:
    """One bar a (time, symbol), all of its numbers the same."""
    rows = [(time, time - 1, symbol, *[value] * 5) for (time, symbol), value in cells.items()]
    return pl.DataFrame(rows, schema=["time", "stamp", "symbol", *NAMES], orient="row")


cells = st.dictionaries(
    st.tuples(st.integers(0, 9), st.sampled_from(["A", "B", "BRK.B", "a", "~"])), st.floats(1, 9), min_size=1
)


@settings(deadline=None)
@given(cells)
def test_every_bar_stands_in_its_cell(expected: dict[tuple[int, str], float]) -> None:
    """A bar is found at its time and symbol, and NaN elsewhere, whatever the order of the frame."""
    panel = Panel.from_frame(frame_of(expected))
    assert panel.symbols == tuple(sorted({symbol for _, symbol in expected}))
    assert panel.time.tolist() == sorted({time for time, _ in expected})
    assert panel.stamp.tolist() == [time - 1 for time in panel.time.tolist()]
    for name in NAMES:
        values = panel.columns[name]
        assert values.flags.c_contiguous
        found = {
            (int(panel.time[row]), panel.symbols[column]): float(values[row, column])
            for row, column in zip(*np.nonzero(panel.present), strict=True)
        }
        assert found == expected
        assert int(np.isnan(values).sum()) == values.size - len(expected)


def test_a_slice_is_a_view_of_some_sections() -> None:
    """The last section is not in; the symbols stay, even where none is present."""
    panel = Panel.from_frame(frame_of({(1, "A"): 1.0, (2, "B"): 2.0, (3, "A"): 3.0}))
    part = panel.slice(1, 2)
    assert (len(panel), len(part)) == (3, 1)
    assert part.symbols == ("A", "B")
    assert part.time.tolist() == [2]
    assert part.present.tolist() == [[False, True]]
    assert np.shares_memory(part.columns["close"], panel.columns["close"])


def test_optional_columns_come_only_when_there() -> None:
    """No column is made up."""
    frame = frame_of({(1, "A"): 1.0})
    assert set(Panel.from_frame(frame).columns) == set(NAMES)
    assert "turnover" in Panel.from_frame(frame.with_columns(turnover=pl.lit(1.0))).columns


def test_a_bar_twice_is_refused() -> None:
    """Two bars in one cell are a mistake of the caller."""
    frame = frame_of({(1, "A"): 1.0})
    with pytest.raises(ValueError, match="twice"):
        Panel.from_frame(pl.concat([frame, frame]))
