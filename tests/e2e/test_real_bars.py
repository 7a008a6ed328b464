"""`python -m scripts.replay` on real bars with real defects: the counts that the data decides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from common.replay.pipeline import ROOT
from tests.e2e.harness import short_run_dir

pytestmark = [pytest.mark.bars, pytest.mark.long]

PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Expected:
    """What a file comes to."""

    file: str
    options: Sequence[str]
    history: int
    replayed: int
    first_replayed: str
    rejected: dict[str, int]
    signals: dict[str, int]


FILES = [
    Expected(
        "sp500_daily_2013_2018", [], 839, 420, "2016-06-09 00:00:00",
        {"missing_price": 11, "crossed_ohlc": 12}, {"fresh": 420},
    ),
    Expected(
        "us_daily_asreceived_2015_2017", [], 347, 174, "2016-08-02 00:00:00",
        {}, {"fresh": 168, "held (coverage)": 6},
    ),
    Expected(
        "us_equity_1min_2019feb", ["--zone", "America/New_York"], 1300, 650, "2019-02-14 11:41:00",
        {}, {"fresh": 650},
    ),
    Expected(
        "us_equity_15min_2019jan_feb", ["--zone", "America/New_York"], 520, 260, "2019-02-04 09:45:00",
        {}, {"fresh": 260},
    ),
]  # fmt: skip


def data_folder() -> Path:
    """The folder of real bars; without it these tests say so and do not run."""
    folder = os.environ.get("ALPHABUS_DATA")
    if not folder:
        pytest.skip("ALPHABUS_DATA is not set: it names the folder of real bars")
    return Path(folder)


def replay(expected: Expected, out: Path, registry: Path) -> dict[str, Any]:
    """Run the command as a user does; returns its summary."""
    bars = data_folder() / f"{expected.file}.parquet"
    command = [sys.executable, "-m", "scripts.replay", "--bars", str(bars), "--out", str(out)]
    command += ["--registry", str(registry), *expected.options]
    with short_run_dir():
        subprocess.run(command, cwd=ROOT, check=True, timeout=PATIENCE_S, stderr=subprocess.DEVNULL)
    summary: dict[str, Any] = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    return summary


@pytest.mark.parametrize("expected", FILES, ids=lambda expected: expected.file)
def test_a_real_file_end_to_end(expected: Expected, tmp_path: Path) -> None:
    """Sections of both kinds, refused rows by reason, one final section for every replayed date, by status."""
    summary = replay(expected, tmp_path / "out", tmp_path / "registry")
    sections = summary["sections"]
    assert (sections["history"], sections["replayed"]) == (expected.history, expected.replayed)
    assert sections["first_replayed"] == expected.first_replayed
    assert sections["missing"] == []
    assert summary["rejected"] == expected.rejected
    assert summary["signals"] == expected.signals
    assert summary["trouble"] == ""
    signals = pl.read_parquet(tmp_path / "out/signals.parquet")
    assert signals.group_by("datetime", "arm").agg(pl.col("bar").n_unique()).select(pl.col("bar").max()).item() == 1
    assert signals["datetime"].n_unique() == expected.replayed


def test_signals_join_with_the_bars_they_came_from(tmp_path: Path) -> None:
    """`datetime` and `symbol` are the input's own: every value has its bar, and no bar is met twice."""
    expected = FILES[2]
    replay(expected, tmp_path / "out", tmp_path / "registry")
    signals = pl.read_parquet(tmp_path / "out/signals.parquet").filter(pl.col("flag") == 0)
    bars = pl.read_parquet(data_folder() / f"{expected.file}.parquet")
    joined = signals.join(bars, on=["datetime", "symbol"], how="left", validate="1:1")
    assert joined.height == signals.height
    assert joined["close"].null_count() == 0
