"""Bars in a research folder: what is saved is there, what is corrected is replaced, what is wrong is refused whole."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import LabError
from common.market.store import load_bars
from common.research.lab import Lab
from tests.common.research.lab.daily import DAY, START, bars


def test_what_is_saved_is_loaded(lab: Lab) -> None:
    """Bars of two symbols come back as one long frame by time and symbol, to the bit."""
    whole = pl.concat([bars("A.X", close=0.1 + 0.2), bars("B.X", days=3)])
    saved = lab.save_bar_data(whole, "d")
    assert asdict(saved) == {"symbols": 2, "new": 8, "replaced": 0}
    assert lab.load_bar_df(["B.X", "A.X"], "d").equals(whole.sort("datetime", "symbol"))
    assert lab.list_bar_symbols("d") == ["A.X", "B.X"]
    assert lab.list_bar_symbols("1m") == []


def test_a_corrected_bar_replaces_the_older_one(lab: Lab) -> None:
    """The one saved last stands, whichever way they are ordered; counted are only bars that really changed."""
    lab.save_bar_data(bars(close=10.0), "d")
    saved = lab.save_bar_data(pl.concat([bars(close=11.0, first=4, days=3), bars(close=10.0, first=0, days=1)]), "d")
    assert asdict(saved) == {"symbols": 1, "new": 2, "replaced": 1}
    assert lab.load_bar_df(["A.X"], "d")["close"].to_list() == [10.0] * 4 + [11.0] * 3
    again = lab.save_bar_data(bars(close=10.0, first=4, days=1), "d")
    assert (again.new, again.replaced) == (0, 1)


@settings(deadline=None)  # it opens files, and a busy disk is no failure
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5), st.integers(1, 9)), min_size=1, max_size=6))
def test_any_sequence_of_saves_leaves_the_last_word_of_each_stamp(
    tmp_path_factory: pytest.TempPathFactory, saves: list[tuple[int, int, int]]
) -> None:
    """Against a dictionary of stamp to close."""
    lab = Lab(tmp_path_factory.mktemp("lab"), clock=lambda: 1, author="tester")
    expected: dict[datetime, float] = {}
    for first, days, close in saves:
        before = dict(expected)
        expected |= {START + DAY * (first + number): float(close) for number in range(days)}
        saved = lab.save_bar_data(bars(first=first, days=days, close=float(close)), "d")
        assert saved.new == len(expected) - len(before)
        assert saved.replaced == sum(before[stamp] != expected[stamp] for stamp in before)
    found = lab.load_bar_df(["A.X"], "d")
    assert dict(zip(found["datetime"], found["close"], strict=True)) == dict(sorted(expected.items()))


def test_a_zone_is_kept_and_two_kinds_of_stamps_do_not_mix(lab: Lab) -> None:
    """Stamps with a zone come back with it; bare ones for the same symbol are refused, and nothing is lost."""
    zoned = bars(zone="Asia/Shanghai")
    lab.save_bar_data(zoned, "1m")
    assert lab.load_bar_df(["A.X"], "1m").equals(zoned)
    with pytest.raises(LabError, match="convert these"):
        lab.save_bar_data(bars(), "1m")
    assert lab.load_bar_df(["A.X"], "1m").equals(zoned)
    lab.save_bar_data(bars("B.X"), "1m")
    with pytest.raises(LabError, match="load them apart"):
        lab.load_bar_df(["A.X", "B.X"], "1m")


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        (None, "2024-01-02", "2024-01-04"),
        (None, datetime(2024, 1, 2), datetime(2024, 1, 4)),  # noqa: DTZ001  as the file writes them
        ("Asia/Shanghai", "2024-01-02", "2024-01-04"),
        ("Asia/Shanghai", datetime(2024, 1, 1, 16, tzinfo=UTC), datetime(2024, 1, 4, tzinfo=ZoneInfo("Asia/Shanghai"))),
    ],
)
def test_a_span_is_read_as_the_file_writes_its_stamps(
    lab: Lab, zone: str | None, start: datetime | str, end: datetime | str
) -> None:
    """Both ends belong to it; `extended_days` reaches back for a look-back."""
    lab.save_bar_data(bars(zone=zone), "d")
    assert lab.load_bar_df(["A.X"], "d", start, end)["datetime"].dt.day().to_list() == [2, 3, 4]
    assert lab.load_bar_df(["A.X"], "d", start, end, extended_days=1)["datetime"].dt.day().to_list() == [1, 2, 3, 4]


def test_saved_bars_are_a_file_of_bars(lab: Lab, tmp_path: Path) -> None:
    """What a lab gives, replay and training take."""
    lab.save_bar_data(bars(days=8), "d")
    lab.load_bar_df(["A.X"], "d").write_parquet(tmp_path / "bars.parquet")
    table = load_bars(tmp_path / "bars.parquet")
    assert (table.frame.height, table.rejected.height) == (8, 0)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda frame: frame.drop("close"), "lacks close"),
        (lambda frame: frame.drop("symbol"), "lacks symbol"),
        (lambda frame: frame.with_columns(datetime=pl.lit("today")), "must hold dates"),
        (lambda frame: frame.with_columns(datetime=pl.lit(None, dtype=pl.Datetime("us"))), "have no datetime"),
    ],
)
def test_a_frame_that_is_no_bars_changes_nothing(
    lab: Lab, spoil: Callable[[pl.DataFrame], pl.DataFrame], said: str
) -> None:
    """The error names what is missing; what was on file stays."""
    lab.save_bar_data(bars(), "d")
    with pytest.raises(LabError, match=said):
        lab.save_bar_data(spoil(bars(close=99.0)), "d")
    assert lab.load_bar_df(["A.X"], "d").equals(bars())
