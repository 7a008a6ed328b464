"""`python -m scripts.bench inference` from end to end: the form, a figure in every row, and nothing left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from common.replay.pipeline import ROOT
from tests.e2e.harness import processes_of, short_run_dir

PATIENCE_S = 180.0

MEASURED = (
    "round trip, 500 x 24, 1 tree, p50",
    "round trip, 500 x 24, 1 tree, p99",
    "overhead, 500 x 24, 1 tree, p50",
    "round trip, 500 x 24, 50 trees, p50",
    "round trip, 500 x 24, 50 trees, p99",
    "overhead, 500 x 24, 50 trees, p50",
    "round trip, 5,000 x 158, 1 tree, p50",
    "round trip, 5,000 x 158, 1 tree, p99",
    "overhead, 5,000 x 158, 1 tree, p50",
    "round trip, 5,000 x 158, 50 trees, p50",
    "round trip, 5,000 x 158, 50 trees, p99",
    "overhead, 5,000 x 158, 50 trees, p50",
    "deadline to fallback, 20 sections, p50",
    "deadline to fallback, 20 sections, p99",
    "deadline to fallback, 20 sections, max",
    "kill to next fresh with the spare, 1 kill, p50",
    "kill to next fresh with the spare, 1 kill, max",
    "kill to next fresh without, 1 kill, p50",
    "kill to next fresh without, 1 kill, max",
    "stop until nothing is left, 2 stops, p50",
    "stop until nothing is left, 2 stops, max",
    "alias moved to seen, 2 moves, p50",
    "alias moved to seen, 2 moves, max",
    "promote to its first fresh, 1 swap, p50",
    "promote to its first fresh, 1 swap, max",
    "rollback to its first fresh, 1 rollback, p50",
    "rollback to its first fresh, 1 rollback, max",
    "kill and reap a spinning child, 1 kill, max",
    "stop while all five stand still, 1 stop, max",
    "none left after the launcher's SIGKILL, 1 kill, max",
    "cold start, 50 trees, 2 starts, p50",
    "cold start, 50 trees, 2 starts, max",
)


def bench(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command as a user starts it, with its temporary files in a folder of the test's."""
    command = [sys.executable, "-m", "scripts.bench", *arguments]
    environment = {**os.environ, "TMPDIR": str(folder)}
    return subprocess.run(
        command, cwd=ROOT, env=environment, timeout=PATIENCE_S, capture_output=True, text=True, check=False
    )


@pytest.mark.e2e
@pytest.mark.long
def test_a_quick_run_measures_everything() -> None:
    """Every row has its figure, its goal a verdict; no process and no file remains."""
    with short_run_dir() as folder:
        done = bench("inference", "--quick", "--json", "-", folder=folder)
        assert done.returncode == 0, done.stderr
        assert processes_of(folder) == []
        assert list(folder.iterdir()) == []
    figures: dict[str, Any] = json.loads(done.stdout)
    assert tuple(row["what"] for row in figures["rows"]) == MEASURED
    assert len(figures["machine"]["load_before"]) == 3
    for row in figures["rows"]:
        assert isinstance(row["ours"], float), row
        assert row["unit"] == "ms"
        assert (row["peer"] is None) == (row["theirs"] is None) == (row["ratio"] is None)
        assert (row["goal"] is None) == (row["met"] is None)
    assert {row["what"].split(",")[0] for row in figures["rows"] if row["goal"]} == {
        "overhead",
        "deadline to fallback",
        "stop until nothing is left",
        "kill and reap a spinning child",
        "stop while all five stand still",
        "none left after the launcher's SIGKILL",
        "alias moved to seen",
        "rollback to its first fresh",
    }


@pytest.mark.e2e
@pytest.mark.parametrize("wrong", [["inferense"], ["inference", "--sections", "3"]])
def test_wrong_usage_is_status_2(wrong: list[str], tmp_path: Path) -> None:
    """Before anything is measured."""
    assert bench(*wrong, folder=tmp_path).returncode == 2
