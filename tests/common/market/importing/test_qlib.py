"""Qlib's binary format, written by hand as its documentation says."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.errors import BarFileError
from common.market.importing.qlib import QlibFolder

DAYS = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"]


def write_field(folder: Path, symbol: str, name: str, start: int, values: list[float]) -> None:
    """One binary file: where it starts, then its numbers."""
    path = folder / "features" / symbol / f"{name}.day.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.array([start, *values], dtype="<f4").tofile(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A listed late with a split on its last day; B suspended on the third."""
    (tmp_path / "calendars").mkdir()
    (tmp_path / "calendars" / "day.txt").write_text("\n".join(DAYS) + "\n", encoding="utf-8")
    (tmp_path / "instruments").mkdir()
    (tmp_path / "instruments" / "all.txt").write_text("A\t2024-01-03\t2024-01-05\nB\t2024-01-02\t2024-01-05\n")
    (tmp_path / "instruments" / "top.txt").write_text("B\t2024-01-02\t2024-01-03\nA\t2024-01-04\t2024-01-05\n")
    for name in ("open", "high", "low", "close"):
        write_field(tmp_path, "a", name, 1, [50.0, 50.0, 50.0])
        write_field(tmp_path, "b", name, 0, [8.0, 8.0, float("nan"), 8.0])
    write_field(tmp_path, "a", "volume", 1, [200.0, 200.0, 200.0])
    write_field(tmp_path, "b", "volume", 0, [100.0, 100.0, float("nan"), 100.0])
    write_field(tmp_path, "a", "factor", 1, [0.5, 0.5, 1.0])
    write_field(tmp_path, "b", "factor", 0, [1.0, 1.0, 1.0, 1.0])
    return tmp_path


def test_raw_bars_and_factors_come_back(folder: Path) -> None:
    """Price over factor, volume times factor, and the factor from 1 at first sight; a suspended day is no bar."""
    table = QlibFolder(folder).bars()
    rows = table.frame.select(
        pl.col("stamp").cast(pl.Datetime("ns")).dt.day(), "symbol", "close", "volume", "price_factor", "share_factor"
    ).rows()
    assert rows == [
        (2, "B", 8.0, 100.0, 1.0, 1.0),
        (3, "A", 100.0, 100.0, 1.0, 1.0),
        (3, "B", 8.0, 100.0, 1.0, 1.0),
        (4, "A", 100.0, 100.0, 1.0, 1.0),
        (5, "A", 50.0, 200.0, 2.0, 2.0),
        (5, "B", 8.0, 100.0, 1.0, 1.0),
    ]
    assert table.rejected.is_empty()


def test_indices_become_lists_by_date(folder: Path) -> None:
    """Who is listed on each day of the calendar; `all` is no index."""
    assert QlibFolder(folder).components() == {
        "top": {date(2024, 1, 2): ["B"], date(2024, 1, 3): ["B"], date(2024, 1, 4): ["A"], date(2024, 1, 5): ["A"]}
    }


def test_a_day_without_members_has_an_empty_list(folder: Path) -> None:
    """Between two stays and after the last; before the first nothing is known, and an index of nobody is left out."""
    (folder / "instruments" / "top.txt").write_text("A\t2024-01-03\t2024-01-03\nA\t2024-01-05\t2024-01-05\n")
    (folder / "instruments" / "old.txt").write_text("A\t2023-01-03\t2023-01-05\nB\t2024-01-03\t2024-01-03\n")
    (folder / "instruments" / "gone.txt").write_text("A\t2023-01-03\t2023-01-05\n")
    days = {day: date(2024, 1, day) for day in (3, 4, 5)}
    assert QlibFolder(folder).components() == {
        "top": {days[3]: ["A"], days[4]: [], days[5]: ["A"]},
        "old": {days[3]: ["B"], days[4]: [], days[5]: []},
    }


@pytest.mark.parametrize("factor", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_bar_without_a_factor_is_refused_and_counted(folder: Path, factor: float) -> None:
    """What its prices were is unknown; the factor of the others is from 1 at the first that has one."""
    write_field(folder, "a", "factor", 1, [factor, 0.5, 1.0])
    table = QlibFolder(folder).bars()
    assert table.frame.filter(symbol="A").select("close", "price_factor").rows() == [(100.0, 1.0), (50.0, 2.0)]
    assert table.rejected_by_reason == {"bad_adjustment": 1}


def test_a_bar_that_lacks_a_number_is_refused_and_counted(folder: Path) -> None:
    """Only a day without any number is none."""
    write_field(folder, "b", "close", 0, [8.0, 8.0, float("nan"), float("nan")])
    write_field(folder, "a", "high", 1, [50.0, float("inf"), 50.0])
    assert QlibFolder(folder).bars().rejected_by_reason == {"missing_price": 1, "not_finite": 1}


def test_a_folder_is_told_from_others(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """By its three folders."""
    assert QlibFolder.is_one(folder)
    assert not QlibFolder.is_one(tmp_path_factory.mktemp("other"))


def test_without_factors_prices_are_raw(folder: Path) -> None:
    """A folder that was never adjusted."""
    (folder / "features" / "a" / "factor.day.bin").unlink()
    assert QlibFolder(folder).bars().frame.filter(symbol="A")["close"].to_list() == [50.0] * 3


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: write_field(folder, "a", "close", 2, [1.0, 1.0, 1.0]), "do not fit a calendar of 4"),
        (lambda folder: write_field(folder, "a", "close", -1, [1.0]), "do not fit"),
        (lambda folder: (folder / "features" / "a" / "close.day.bin").write_bytes(b""), "do not fit"),
        (lambda folder: (folder / "features" / "a" / "high.day.bin").unlink(), "high.day.bin cannot be read"),
        (lambda folder: (folder / "calendars" / "day.txt").write_text("someday"), "day.txt"),
        (lambda folder: (folder / "calendars" / "day.txt").unlink(), "day.txt cannot be read"),
        (lambda folder: (folder / "instruments" / "all.txt").write_text("A 2024"), "line 1 of .*all.txt"),
    ],
)
def test_a_damaged_folder_is_named(folder: Path, spoil: Callable[[Path], object], said: str) -> None:
    """The file, and what does not fit."""
    spoil(folder)
    with pytest.raises(BarFileError, match=said):
        QlibFolder(folder).bars()
