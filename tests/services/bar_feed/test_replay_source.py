"""A file of bars as sections: split, resumed anywhere, refused rows kept."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from common.config import Source
from services.bar_feed.sources.replay import ReplaySource

CSV = """datetime,symbol,open,high,low,close,volume
2020-01-02,B,1,1,1,1,10
2020-01-02,A,2,2,2,2,10
2020-01-03,A,3,3,3,3,10
2020-01-03,B,-1,1,1,1,10
2020-01-04,B,4,4,4,4,10
"""


@pytest.fixture
def source(tmp_path: Path) -> ReplaySource:
    """Three days, the second and third replayed; one row is refused."""
    (tmp_path / "bars.csv").write_text(CSV, encoding="ascii")
    split = int(pl.Series(["2020-01-04"]).str.to_datetime(time_unit="ns").cast(pl.Int64)[0])
    return ReplaySource(Source(bars=tmp_path / "bars.csv", split_ns=split), tmp_path / "quarantine" / "rows.jsonl")


def test_sections_on_either_side_of_the_split(source: ReplaySource) -> None:
    """By close time; symbols ascending, only those with a bar."""
    (history,), (first, second) = list(source.history(-1)), list(source.live(-1))
    assert [section.symbols for section in (history, first, second)] == [("A", "B"), ("A",), ("B",)]
    assert history.columns["close"].tolist() == [2.0, 1.0]
    assert history.time == first.stamp  # the open of one day is the close of the day before


def test_it_goes_on_after_any_section(source: ReplaySource) -> None:
    """`after` is the close time of the last one on record."""
    times = [section.time for section in (*source.history(-1), *source.live(-1))]
    for place, after in enumerate(times):
        rest = [section.time for section in (*source.history(after), *source.live(after))]
        assert rest == times[place + 1 :]


def test_refused_rows_are_kept(source: ReplaySource, tmp_path: Path) -> None:
    """Counted by reason, and as they were in a file."""
    assert source.facts() == {"history": 1, "live": 2, "rejected": {"not_positive_price": 1}}
    (row,) = (tmp_path / "quarantine" / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(row)["reason"] == "not_positive_price"
