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


def test_events_that_change_nothing_are_said(theirs: Path, tmp_path: Path) -> None:
    """Of symbols without bars, and outside of a symbol's; laid over twice they are refused."""
    rows = ["S0001,2021-02-01,split,2", "SOO01,2021-02-01,split,2", "S0001,1999-02-01,split,2"]
    (tmp_path / "events.csv").write_text("\n".join(["symbol,date,kind,value", *rows]), encoding="utf-8")
    run("import", theirs, *NAMES, "--out", tmp_path / "ours.parquet")
    asked = ("--events", tmp_path / "events.csv", "--json", "-")
    done = run("adjust", tmp_path / "ours.parquet", "--out", tmp_path / "a.parquet", *asked)
    figures = json.loads(done.stdout)
    assert (figures["events"], figures["outside"], figures["without_bars"]) == (1, 1, ["SOO01"])
    for words in (
        "1 of 3 events",
        "warning: 1 event before the first bar",
        "warning: 1 of 2 symbols of events have no bar",
    ):
        assert words in done.stderr
    again = run("adjust", tmp_path / "a.parquet", "--out", tmp_path / "b.parquet", *asked)
    assert (again.returncode, (tmp_path / "b.parquet").exists()) == (2, False)
    assert "price_factor changes at 2021-02-01 already" in again.stderr


@pytest.mark.parametrize(
    ("setting", "said"),
    [({"long_rate": 0, "short_rate": 0, "size": 1, "pricetick": 0.1, "min_volume": 1}, "min_volume"), ([1], "[1]")],
)
def test_a_vnpy_lab_with_one_wrong_contract_leaves_no_trace(setting: object, said: str, tmp_path: Path) -> None:
    """The error names symbol and file, and nothing of the import is saved; without it all of it is."""
    vnpy = tmp_path / "vnpy"
    for name in ("daily", "minute"):
        (vnpy / name).mkdir(parents=True)
    sample_market(symbols=20, days=60).filter(symbol="S0000").drop("symbol").write_parquet(
        vnpy / "daily" / "A.X.parquet"
    )
    (vnpy / "contract.json").write_text(json.dumps({"A.X": setting}), encoding="utf-8")
    done = run("import", vnpy, "--lab", tmp_path / "lab")
    assert (done.returncode, (tmp_path / "lab").exists()) == (2, False)
    assert "Traceback" not in done.stderr
    for words in ("A.X in ", "contract.json: a contract has long_rate", said):
        assert words in done.stderr
    (vnpy / "contract.json").unlink()
    figures = json.loads(run("import", vnpy, "--lab", tmp_path / "lab", "--json", "-").stdout)
    assert (figures["contracts"], figures["new (d)"]) == (0, figures["bars (d)"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "nowhere.csv", "--out", "x.parquet"], "nowhere.csv"),
        (["import", "THEIRS"], "say where to"),
        (["import", "THEIRS", "--out", "bars.parquet", "--lab", "lab"], "to one place at a time"),
        (
            ["import", "THEIRS", "--out", "bars.csv"],
            "parquet is what is written, as .parquet or .pq; name it bars.parquet",
        ),
        (["import", "THEIRS", "--lab", "README.md"], "Invalid value for --lab: README.md is no folder"),
        (["import", "THEIRS", "--lab", "README.md/lab"], "Invalid value for --lab: README.md/lab cannot be made"),
        (
            ["fetch", "--exchange", "x", "--symbol", "A/B", "--start", "1/31/2024", "--out", "x.parquet"],
            "write 2024-01-31",
        ),
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
