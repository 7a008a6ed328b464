"""What is written is read again as it was, by whoever is told nothing: zones, dates, closes, skipped midnights."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

import polars as pl
import pytest

from common.market.importing.canonical import canonical, write_bars
from common.market.importing.named import Named, read_named
from common.market.stamps import on_clock
from common.market.store import BarTable, load_bars

# The clocks of São Paulo skipped the midnight before 2018-11-04.
SKIP = [f"2018-11-0{day}" for day in (2, 3, 4, 5, 6)]
SAO_PAULO, NEW_YORK, HAVANA = "America/Sao_Paulo", "America/New_York", "America/Havana"


def source(folder: Path, stamps: list[str], zone: str | None) -> Path:
    """A parquet file of one symbol, its column with a zone or without."""
    moments = pl.Series("datetime", stamps).str.to_datetime("%Y-%m-%d %H:%M", time_unit="us")
    if zone is not None:
        moments = moments.to_frame().select(on_clock(pl.col("datetime"), zone))["datetime"]
    numbers = {name: [10.0] * len(stamps) for name in ("open", "high", "low", "close", "volume")}
    pl.DataFrame({"datetime": moments, "symbol": ["A"] * len(stamps), **numbers}).write_parquet(folder / "in.parquet")
    return folder / "in.parquet"


def written(table: BarTable, folder: Path, *, zoned: bool) -> BarTable:
    """What everybody reads of what is written."""
    write_bars(folder / "out.parquet", canonical(table, zoned=zoned))
    return load_bars(folder / "out.parquet")


@pytest.mark.parametrize("own", [None, SAO_PAULO])
@pytest.mark.parametrize("stamp", ["auto", "open"])
@pytest.mark.parametrize("hour", ["00:00", "09:30"])
def test_days_over_a_skipped_midnight(
    own: str | None, stamp: Literal["auto", "open"], hour: str, tmp_path: Path
) -> None:
    """No day is lost and no close moves; a day that begins at midnight keeps its date, which begins after the skip."""
    path = source(tmp_path, [f"{day} {hour}" for day in SKIP], own)
    table = load_bars(path, zone=SAO_PAULO, stamp=stamp)
    again = written(table, tmp_path, zoned=True)
    assert table.frame.height == 5
    assert again.frame["time"].equals(table.frame["time"])
    if hour == "00:00":
        assert again.frame["stamp"].equals(table.frame["stamp"])
        dates = pl.read_parquet(tmp_path / "out.parquet")["datetime"].dt.date()
        assert dates.to_list() == [date.fromisoformat(day) for day in SKIP]


@pytest.mark.parametrize("own", [None, NEW_YORK])
@pytest.mark.parametrize("zoned", [False, True])
def test_days_stamped_at_the_midnight_of_their_close_get_their_date(
    own: str | None, *, zoned: bool, tmp_path: Path
) -> None:
    """A midnight is read as a date, and the day that ends then is the one before."""
    path = source(tmp_path, [f"2024-03-{day} 00:00" for day in ("08", "09", "10", "11", "12")], own)
    table = load_bars(path, zone=NEW_YORK, stamp="close")
    write_bars(tmp_path / "out.parquet", canonical(table, zoned=zoned))
    again = load_bars(tmp_path / "out.parquet", zone=NEW_YORK)
    assert again.stamped == "open"
    assert again.frame["time"].equals(table.frame["time"])
    assert pl.read_parquet(tmp_path / "out.parquet")["datetime"].dt.day().to_list() == [7, 8, 9, 10, 11]


@pytest.mark.parametrize("stamps", [["2024-01-02 09:31", "2024-01-02 09:32"], ["2024-01-02 00:00", "2024-01-03 00:00"]])
def test_a_zone_of_the_column_is_kept_untold(stamps: list[str], tmp_path: Path) -> None:
    """A minute of New York is not one of London for having been imported."""
    table = load_bars(source(tmp_path, stamps, NEW_YORK))
    again = written(table, tmp_path, zoned=False)
    assert again.zone == NEW_YORK
    assert again.frame.equals(table.frame)


def test_a_midnight_that_occurs_twice_is_the_first(tmp_path: Path) -> None:
    """Clocks that are set back to midnight."""
    days = [f"2023-11-0{day} 00:00" for day in (4, 5, 6)]
    table = load_bars(source(tmp_path, days, HAVANA))
    again = written(table, tmp_path, zoned=True)
    assert again.frame["time"].equals(table.frame["time"])


def test_minutes_around_a_skipped_midnight_stay_minutes(tmp_path: Path) -> None:
    """Their closes are moments, and no two have the same stamp."""
    late = [f"2018-11-03 23:{minute}" for minute in (57, 58, 59)]
    early = [f"2018-11-04 01:0{minute}" for minute in (0, 1, 2)]
    table = load_bars(source(tmp_path, late + early, SAO_PAULO))
    again = written(table, tmp_path, zoned=False)
    assert set(table.frame["time"].diff().drop_nulls()) == {60 * 10**9}
    assert table.frame["stamp"].n_unique() == 6
    assert again.frame.equals(table.frame)


def test_a_line_with_too_many_cells_refuses_itself_alone(tmp_path: Path) -> None:
    """Under other names as under ours; a column that is called as a mark of ours is one of theirs."""
    path = tmp_path / "theirs.csv"
    lines = ["Date,symbol,open,high,low,close,surplus", "2024-01-02,A,1,2,1,2,5", "2024-01-03,A,1,2,1,2,5,999"]
    path.write_text("\n".join([*lines, "2024-01-04,A,1,2,1,2,7"]) + "\n", encoding="utf-8")
    table = read_named(path, Named({"datetime": "Date", "volume": "surplus"}))
    assert table.frame["volume"].to_list() == [5.0, 7.0]
    assert table.rejected_by_reason == {"bad_line": 1}
