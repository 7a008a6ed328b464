"""A vnpy.alpha lab folder, laid out as vnpy lays it out; what only vnpy can read is asked for by name."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from common.errors import BarFileError
from common.market.importing.vnpy_lab import FOLDERS, VnpyLab


def bars(stamps: list[str], price: float = 10.0) -> pl.DataFrame:
    """A symbol's file as vnpy writes it."""
    columns = {name: [price] * len(stamps) for name in ("open", "high", "low", "close")}
    amounts = {"volume": 100.0, "turnover": 1000.0, "open_interest": 0.0}
    series = pl.Series("datetime", stamps).str.to_datetime(time_unit="us")
    return pl.DataFrame({"datetime": series, **columns}).with_columns(**{k: pl.lit(v) for k, v in amounts.items()})


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Days of two symbols, minutes of one, contracts, a signal, an exported index."""
    for name in ("daily", "minute", "component", "dataset", "model", "signal"):
        (tmp_path / name).mkdir()
    bars(["2024-01-02 00:00:00", "2024-01-03 00:00:00"]).write_parquet(tmp_path / "daily" / "000001.SZSE.parquet")
    bars(["2024-01-02 00:00:00"], 20.0).write_parquet(tmp_path / "daily" / "600000.SSE.parquet")
    bars(["2024-01-02 09:30:00", "2024-01-02 09:31:00"]).write_parquet(tmp_path / "minute" / "000001.SZSE.parquet")
    setting = {"long_rate": 0.0005, "short_rate": 0.0015, "size": 1, "pricetick": 0.01}
    (tmp_path / "contract.json").write_text(json.dumps({"000001.SZSE": setting}), encoding="utf-8")
    signal = pl.DataFrame({"datetime": [1], "vt_symbol": ["000001.SZSE"], "signal": [0.5]})
    signal.write_parquet(tmp_path / "signal" / "s.parquet")
    (tmp_path / "component" / "000300.SSE").touch()
    (tmp_path / "export" / "component").mkdir(parents=True)
    lists = {"2024-01-02": ["000001.SZSE"], "2024-01-03": ["600000.SSE"]}
    (tmp_path / "export" / "component" / "000300.SSE.json").write_text(json.dumps(lists), encoding="utf-8")
    return tmp_path


def test_bars_of_both_intervals_come_with_their_symbols(lab: Path) -> None:
    """Days close at the next midnight, minutes a minute after their stamp, in the zone one names."""
    days = VnpyLab(lab).bars("d", "Asia/Shanghai")
    assert days is not None
    found = days.frame.select("symbol", "close").rows()
    assert found == [("000001.SZSE", 10.0), ("600000.SSE", 20.0), ("000001.SZSE", 10.0)]
    minutes = VnpyLab(lab).bars("1m", "Asia/Shanghai")
    assert minutes is not None
    closes = [datetime.fromtimestamp(time / 1e9, UTC) for time in minutes.frame["time"]]
    assert [(each.hour, each.minute) for each in closes] == [(1, 31), (1, 32)]


def test_bars_among_the_minutes_are_as_long_as_their_stamps_show(lab: Path) -> None:
    """A quarter of an hour has no folder of its own in vnpy; a single bar is taken for a minute."""
    path = lab / "minute" / "000001.SZSE.parquet"
    bars([f"2024-01-02 09:{minute}:00" for minute in ("30", "45")]).write_parquet(path)
    quarters = VnpyLab(lab).bars("1m")
    assert quarters is not None
    assert (quarters.interval_ns, (quarters.frame["time"] - quarters.frame["stamp"]).unique().to_list()) == (
        900 * 10**9,
        [900 * 10**9],
    )
    bars(["2024-01-02 09:30:00"]).write_parquet(path)
    alone = VnpyLab(lab).bars("1m")
    assert alone is not None
    assert alone.interval_ns == 60 * 10**9


def test_what_lies_beside_the_bars(lab: Path) -> None:
    """Contracts, signals and exported members."""
    source = VnpyLab(lab)
    assert source.contracts()["000001.SZSE"]["pricetick"] == 0.01
    assert source.signals()["s"]["signal"].to_list() == [0.5]
    exported = {date(2024, 1, 2): ["000001.SZSE"], date(2024, 1, 3): ["600000.SSE"]}
    assert source.components() == {"000300.SSE": exported}


@pytest.mark.parametrize("file", ["000905.SSE", "000905.SSE.dat", "000905.SSE.db"])
def test_members_that_were_not_exported_are_asked_for(lab: Path, file: str) -> None:
    """Nothing is unpickled: the exporter is named, and the indices it is needed for, whatever kind of shelve it is."""
    (lab / "component" / file).touch()
    with pytest.raises(BarFileError, match=r"000905\.SSE .*run exporters/vnpy_lab.py"):
        VnpyLab(lab).components()


def test_a_lab_without_bars_has_none(lab: Path) -> None:
    """Of an interval, not an error."""
    for path in (lab / "minute").iterdir():
        path.unlink()
    assert VnpyLab(lab).bars("1m") is None


def test_a_lab_need_not_have_every_folder(lab: Path) -> None:
    """Only bars make one."""
    (lab / "component" / "000300.SSE").unlink()
    for path in (lab / "component", lab / "dataset", lab / "model"):
        path.rmdir()
    assert list(VnpyLab(lab).components()) == ["000300.SSE"]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (pl.col("datetime").dt.replace_time_zone("Asia/Shanghai"), "datetime holds times of Asia/Shanghai, .* without"),
        (pl.col("close").cast(pl.String), "close holds String, .* numbers"),
    ],
)
def test_files_of_two_kinds_are_named(lab: Path, other: pl.Expr, said: str) -> None:
    """Both files, and what differs; numbers of another width and times of another unit are of one kind."""
    path = lab / "daily" / "600000.SSE.parquet"
    fine = bars(["2024-01-02"]).with_columns(pl.col("datetime").cast(pl.Datetime("ms")), pl.col("close").cast(pl.Int64))
    fine.write_parquet(path)
    days = VnpyLab(lab).bars("d")
    assert days is not None
    assert days.frame.height == 3
    fine.with_columns(other).write_parquet(path)
    with pytest.raises(BarFileError, match=rf"600000.SSE.parquet: column {said}") as raised:
        VnpyLab(lab).bars("d")
    assert "000001.SZSE.parquet" in str(raised.value)


def read_all(source: VnpyLab) -> list[object]:
    """Everything there is in a lab."""
    return [source.bars("d"), source.contracts(), source.components()]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda lab: (lab / "daily" / "X.SSE.parquet").write_bytes(b"PAR1"), "X.SSE.parquet cannot be read"),
        (lambda lab: (lab / "contract.json").write_text("{"), "contract.json cannot be read as JSON"),
        (lambda lab: (lab / "contract.json").write_text("[]"), "contract.json holds no table"),
        (lambda lab: (lab / "export" / "component" / "000300.SSE.json").write_text('{"x": 1}'), "not lists of symbols"),
    ],
)
def test_a_damaged_file_is_named(lab: Path, spoil: Callable[[Path], object], said: str) -> None:
    """Which one, and why."""
    spoil(lab)
    with pytest.raises(BarFileError, match=said):
        read_all(VnpyLab(lab))


def test_a_lab_is_told_from_other_folders(lab: Path) -> None:
    """By its folders of bars."""
    assert VnpyLab.is_one(lab)
    assert not VnpyLab.is_one(lab / "daily")
    assert set(FOLDERS) == {"d", "1m"}
