"""`python -m scripts.bars` from end to end."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from common.market.sample import sample_market
from common.market.store import load_bars
from common.replay.pipeline import ROOT
from common.research.lab import Lab


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command as a user starts it."""
    command = [sys.executable, "-m", "scripts.bars", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """The sample market under other names."""
    path = tmp_path / "theirs.csv"
    sample_market(symbols=20, days=60).rename({"datetime": "Date", "close": "Last"}).write_csv(path)
    return path


NAMES = ("-c", "datetime=Date", "-c", "close=Last")


def test_an_import_into_a_file_can_be_replayed(theirs: Path, tmp_path: Path) -> None:
    """Good rows alone are in it; the refused ones are counted by reason."""
    done = run("import", theirs, *NAMES, "--out", tmp_path / "ours.parquet", "--json", "-")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    table = load_bars(tmp_path / "ours.parquet")
    assert table.rejected.is_empty()
    assert figures["bars"] == table.frame.height
    assert figures["refused"] == sum(figures[key] for key in figures if key.startswith("refused, "))


def test_an_import_into_a_lab_corrects_what_is_there(theirs: Path, tmp_path: Path) -> None:
    """Once everything is new, twice nothing is, and nothing was replaced."""
    first = json.loads(run("import", theirs, *NAMES, "--lab", tmp_path / "lab", "--json", "-").stdout)
    again = json.loads(run("import", theirs, *NAMES, "--lab", tmp_path / "lab", "--json", "-").stdout)
    assert (first["new"], again["new"], again["replaced"]) == (first["bars"], 0, 0)
    assert len(Lab(tmp_path / "lab", clock=lambda: 0, author="t").list_bar_symbols("d")) == 20


def test_splits_are_laid_over_a_file(theirs: Path, tmp_path: Path) -> None:
    """The file has two columns more, and reads back."""
    run("import", theirs, *NAMES, "--out", tmp_path / "ours.parquet")
    day = pl.read_parquet(tmp_path / "ours.parquet")["datetime"].unique().sort()[30]
    (tmp_path / "events.csv").write_text(f"symbol,date,kind,value\nS0001,{day.date()},split,2\n", encoding="utf-8")
    done = run(
        "adjust", tmp_path / "ours.parquet", "--events", tmp_path / "events.csv", "--out", tmp_path / "a.parquet"
    )
    assert done.returncode == 0, done.stderr
    factors = load_bars(tmp_path / "a.parquet").frame.filter(symbol="S0001")["share_factor"].unique().sort().to_list()
    assert factors == [1.0, 2.0]


def test_a_check_tells_symbol_by_symbol(theirs: Path, tmp_path: Path) -> None:
    """What the table shows is in the figures."""
    run("import", theirs, *NAMES, "--out", tmp_path / "ours.parquet")
    done = run("check", tmp_path / "ours.parquet", "--json", "-")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert len(figures["symbols"]) == 20
    assert "symbols with most to say" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "nowhere.csv", "--out", "x.parquet"], "nowhere.csv"),
        (["import", "THEIRS"], "say where to"),
        (["import", "THEIRS", "-c", "close", "--out", "x.parquet"], "is not OURS=THEIRS"),
        (["import", "THEIRS", "-c", "close=Lst", "--out", "x.parquet"], "did you mean 'Last'"),
        (["check", "THEIRS"], "lacks the columns"),
    ],
)
def test_what_cannot_be_used_is_status_2_and_writes_nothing(
    arguments: list[str], said: str, theirs: Path, tmp_path: Path
) -> None:
    """One readable line that names it."""
    placed = [
        str(theirs) if part == "THEIRS" else str(tmp_path / part) if ".parquet" in part else part for part in arguments
    ]
    before = sorted(path.name for path in tmp_path.iterdir())
    done = run(*placed)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("\u2502", " ").split())
    assert sorted(path.name for path in tmp_path.iterdir()) == before
