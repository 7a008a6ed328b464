"""Files under other names: what is mapped is read, what is written is read again without being told anything."""

from datetime import date
from pathlib import Path
from typing import Literal

import polars as pl
import pytest

from common.errors import BarFileError
from common.market.importing.canonical import canonical, lab_interval, write_bars
from common.market.importing.named import FIELDS, Named, read_named
from common.market.store import load_bars

GENERIC = """Date,Ticker,O,H,L,C,Vol
2024-01-02,000001,10,11,9,10.5,1000
2024-01-03,000001,10,11,9,10.6,1000
2024-01-03,000002,20,21,19,bad,1000
"""
NAMES = {"datetime": "Date", "symbol": "Ticker", "open": "O", "high": "H", "low": "L", "close": "C", "volume": "Vol"}


def write(folder: Path, text: str) -> Path:
    """A CSV file."""
    path = folder / "theirs.csv"
    path.write_text(text, encoding="utf-8")
    return path


def minutes(folder: Path, zone: str | None) -> Path:
    """Three minutes of one symbol over the end of a day in New York, stamped at their open."""
    stamps = pl.Series("t", ["2024-07-01 15:58", "2024-07-01 15:59", "2024-07-02 09:30"]).str.to_datetime(
        time_unit="us"
    )
    stamps = stamps if zone is None else stamps.dt.replace_time_zone(zone)
    prices = {name: [10.0, 10.0, 10.0] for name in ("open", "high", "low", "close")}
    pl.DataFrame({"t": stamps, **prices, "volume": [1.0, 1.0, 1.0]}).write_parquet(folder / "theirs.parquet")
    return folder / "theirs.parquet"


def test_columns_are_mapped_and_bad_rows_refused(tmp_path: Path) -> None:
    """Symbols keep their zeros; a cell that is no number refuses its row alone."""
    table = read_named(write(tmp_path, GENERIC), Named(NAMES))
    assert table.frame["symbol"].to_list() == ["000001", "000001"]
    assert table.rejected_by_reason == {"not_a_number": 1}


@pytest.mark.parametrize("zone", [None, "America/New_York"])
@pytest.mark.parametrize("stamp", ["open", "close"])
def test_what_is_written_is_read_again_as_it_was(
    tmp_path: Path, zone: str | None, stamp: Literal["open", "close"]
) -> None:
    """Minutes stamped at either end, with a zone or told of one: the same close times, by `auto` alone."""
    named = Named({"datetime": "t"}, "A", "America/New_York", stamp, "1min")
    table = read_named(minutes(tmp_path, zone), named)
    frame = canonical(table, zoned=True)
    write_bars(tmp_path / "ours.parquet", frame)
    again = load_bars(tmp_path / "ours.parquet")
    assert again.stamped == "close"
    assert again.frame["time"].equals(table.frame["time"])
    assert frame["datetime"].dtype == pl.Datetime("us", "America/New_York")
    write_bars(tmp_path / "bare.parquet", canonical(table, zoned=False))
    told = load_bars(tmp_path / "bare.parquet", zone="America/New_York")
    assert told.frame["time"].equals(table.frame["time"])


def test_days_stay_under_their_date(tmp_path: Path) -> None:
    """A daily bar is its day's, whatever the zone."""
    for zone in ("UTC", "Asia/Shanghai"):
        table = read_named(write(tmp_path, GENERIC), Named(NAMES, zone=zone))
        found = canonical(table, zoned=zone != "UTC")["datetime"].dt.date().to_list()
        assert found == [date(2024, 1, 2), date(2024, 1, 3)]
        assert lab_interval(table) == "d"


def test_a_file_of_one_symbol_is_told_its_name(tmp_path: Path) -> None:
    """The name goes to every row, over any the file has."""
    named = Named({**NAMES, "close": "O"}, symbol="ONE")
    table = read_named(write(tmp_path, GENERIC.replace("2024-01-03,000002", "2024-01-04,000002")), named)
    assert table.frame["symbol"].to_list() == ["ONE"] * 3


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({**NAMES, "close": "Close"}, "has no column 'Close'"),
        ({**NAMES, "clsoe": "C"}, "a bar has no 'clsoe'; did you mean 'close'"),
        ({}, "lacks the columns"),
    ],
)
def test_a_wrong_mapping_is_named(tmp_path: Path, names: dict[str, str], said: str) -> None:
    """The column, and the one that was meant."""
    with pytest.raises(BarFileError, match=said):
        read_named(write(tmp_path, GENERIC), Named(names))


def test_an_interval_without_a_folder_is_refused_by_the_lab_alone(tmp_path: Path) -> None:
    """A quarter of an hour can be a file, not a lab's."""
    table = read_named(minutes(tmp_path, None), Named({"datetime": "t"}, "A", interval="15min"))
    with pytest.raises(BarFileError, match="a lab holds days and minutes"):
        lab_interval(table)


def test_every_number_of_a_bar_can_be_mapped() -> None:
    """A new column of bars has a name here."""
    assert {"turnover", "open_interest", "price_factor", "share_factor"} <= set(FIELDS)
