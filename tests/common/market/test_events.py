"""Tables of splits and dividends: read from CSV and parquet, and what is wrong with one named by its row."""

from pathlib import Path

import polars as pl
import pytest

from common.errors import BarFileError
from common.market.durations import DAY_NS
from common.market.events import load_events


def test_events_are_read_from_csv_and_parquet(tmp_path: Path) -> None:
    """Dates as text or as dates."""
    (tmp_path / "events.csv").write_text("symbol,date,kind,value\nA,2024-06-10,split,10\nB,2024-05-01,dividend,0.25\n")
    found = load_events(tmp_path / "events.csv")
    assert [(each.symbol, each.kind, each.value) for each in found] == [("A", "split", 10.0), ("B", "dividend", 0.25)]
    frame = pl.read_csv(tmp_path / "events.csv", try_parse_dates=True)
    frame.write_parquet(tmp_path / "events.parquet")
    assert load_events(tmp_path / "events.parquet") == found


def test_an_event_with_an_offset_is_of_the_day_that_is_written(tmp_path: Path) -> None:
    """Midnight in Shanghai is not the evening before."""
    (tmp_path / "events.csv").write_text("symbol,date,kind,value\nA,2024-06-10T00:00:00+08:00,split,10\n")
    (event,) = load_events(tmp_path / "events.csv")
    assert (event.stamp % DAY_NS, event.stamp // DAY_NS) == (0, 19_884)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",2024-06-10,split,2", "row 1 .* needs a symbol and a date"),
        ("A,,split,2", "row 1 .* needs a symbol and a date"),
        ("A,someday,split,2", "row 1 .*: date 'someday' is no date such as 2016-06-09"),
        ("A,31.12.2024,split,2", "row 1 .*: date '31.12.2024' is no date .*; write 2024-12-31: year, month, day"),
        ("A,2024-06-10,merger,2", "kind 'merger' is neither split nor dividend"),
        ("A,2024-06-10,split,0", "value '0' is no number above 0"),
        ("A,2024-06-10,split,two", "value 'two' is no number above 0"),
        ("A,2024-06-10,split,", "is no number above 0"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, said: str) -> None:
    """The file, the row, and what is wrong with it."""
    (tmp_path / "events.csv").write_text(f"symbol,date,kind,value\n{row}\n")
    with pytest.raises(BarFileError, match=said):
        load_events(tmp_path / "events.csv")


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    """Missing columns, and no table at all."""
    (tmp_path / "events.csv").write_text("symbol,date\nA,2024-06-10\n")
    with pytest.raises(BarFileError, match="lacks kind, value"):
        load_events(tmp_path / "events.csv")
    with pytest.raises(BarFileError, match="cannot be read"):
        load_events(tmp_path / "nowhere.parquet")
