"""Where history ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import BarFileError
from common.market.store import BarTable, load_bars
from common.replay.split import Split


def bars(folder: Path, days: int) -> BarTable:
    """One symbol, one bar a day from 2020-01-01."""
    rows = [f"2020-01-{day:02},A,1,1,1,1,1" for day in range(1, days + 1)]
    path = folder / "bars.csv"
    path.write_text("\n".join(["datetime,symbol,open,high,low,close,volume", *rows]), encoding="ascii")
    return load_bars(path)


@pytest.mark.parametrize(("days", "history"), [(3, 2), (4, 2), (5, 3), (6, 4)])
def test_two_thirds_by_default(tmp_path: Path, days: int, history: int) -> None:
    """Rounded down; the rest is replayed."""
    table = bars(tmp_path, days)
    split = Split.of(table, None)
    assert (split.history, split.replayed) == (history, days - history)
    assert split.split_ns == table.times[history]


def test_a_date_as_the_file_writes_it(tmp_path: Path) -> None:
    """What is stamped before it is history."""
    split = Split.of(bars(tmp_path, 6), "2020-01-05")
    assert (split.history, split.replayed) == (4, 2)


@pytest.mark.parametrize("date", ["2020-01-01", "2019-01-01", "2020-01-07", "soon", "2020-01-03T00:00+02:00"])
def test_both_sides_need_some(tmp_path: Path, date: str) -> None:
    """A date that leaves nothing on one side, or is none, is refused with what was given."""
    with pytest.raises(BarFileError, match="SPLIT"):
        Split.of(bars(tmp_path, 6), date)
