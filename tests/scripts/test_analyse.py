"""`python -m scripts.analyse` from end to end: a factor of a set, a file of signals, and what cannot be used."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from common.market.sample import sample_market
from common.replay.pipeline import ROOT


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small market."""
    path = tmp_path_factory.mktemp("bars") / "bars.parquet"
    sample_market(symbols=30, days=160).write_parquet(path)
    return path


def closes_of(bars: Path, name: str) -> pl.DataFrame:
    """The close of each bar as a signal; rows that repeat another bar's are left out."""
    return (
        pl.read_parquet(bars).unique(["datetime", "symbol"]).select("datetime", "symbol", pl.col("close").alias(name))
    )


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command as a user starts it."""
    command = [sys.executable, "-m", "scripts.analyse", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_factor_of_a_set(bars: Path, tmp_path: Path) -> None:
    """Figures for every horizon, and a page."""
    done = run("factor", "return_5", "--set", "basic", "--bars", bars, "--out", tmp_path / "page.html", "--json", "-")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["name"] == "return_5 of basic"
    assert list(figures["horizons"]) == ["1", "10", "5"]
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_file_of_signals(bars: Path, tmp_path: Path) -> None:
    """The symbol's own close as a signal: any column of numbers will do."""
    closes_of(bars, "close").write_csv(tmp_path / "mine.csv")
    done = run("signal", tmp_path / "mine.csv", "--bars", bars, "--column", "close", "--horizons", "2", "--json", "-")
    assert done.returncode == 0, done.stderr
    assert list(json.loads(done.stdout)["horizons"]) == ["2"]


def test_one_arm_of_several(bars: Path, tmp_path: Path) -> None:
    """Named, it alone is analysed; else the arms are told."""
    closes = closes_of(bars, "signal")
    both = pl.concat([closes.with_columns(arm=pl.lit(arm)) for arm in ("champion", "momentum")])
    both.write_parquet(tmp_path / "both.parquet")
    one = run("signal", tmp_path / "both.parquet", "--bars", bars, "--arm", "champion", "--horizons", "2,900")
    assert one.returncode == 0, one.stderr
    assert "both of champion" in one.stderr
    assert "nan" not in one.stderr
    assert "warning: --horizons 900: no value has a return over 900 bars: the bars end before, 160" in one.stderr
    assert one.stderr.count("warning") == 1
    unsaid = run("signal", tmp_path / "both.parquet", "--bars", bars)
    assert unsaid.returncode == 2
    assert "2 arms, champion, momentum" in unsaid.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["factor", "return_6", "--set", "basic"], "Invalid value for NAME: set basic has no factor 'return_6'; did"),
        (["factor", "momm", "--set", "basic"], "Invalid value for NAME: set basic has no factor 'momm'"),
        (
            ["factor", "return_5", "--set", "basic", "--horizons", "0,5"],
            "'0,5': 0 is no horizon: returns are",
        ),
        (["factor", "return_5", "--set", "basik"], "did you mean 'basic'"),
        (["factor", "return_5", "--set", "basic", "--horizons", "1,x"], "whole numbers separated by commas"),
        (["factor", "return_5", "--set", "basic", "--quantiles", "1"], "--quantiles"),
        (["signal", "nowhere.parquet"], "nowhere.parquet cannot be opened: No such file or directory; give a parquet"),
        (["signal", "."], ". cannot be opened: Is a directory; give a parquet or CSV file"),
    ],
)
def test_what_cannot_be_used_is_status_2(arguments: list[str], said: str, bars: Path) -> None:
    """One readable line that names it."""
    done = run(*arguments, "--bars", bars)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("\u2502", " ").split())
