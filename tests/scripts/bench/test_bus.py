"""`python -m scripts.bench bus`: every figure in the one form, beside its other side, and nothing left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from common.replay.pipeline import ROOT
from scripts.bench.bus_chart import write_chart
from scripts.bench.bus_latency import PROMISED, SHAPES, body_bytes
from scripts.bench.bus_path import BARE, POLICIES, SYNCED
from scripts.bench.bus_wire import WIRES, Wire
from scripts.bench.rows import Row
from tests.e2e.harness import processes_of, short_run_dir

PATIENCE_S = 300.0

WAYS = tuple(
    f"one way, {wire}, {shape} ({body_bytes(shape):,} B), {quantile}"
    for wire in WIRES
    for shape in SHAPES
    for quantile in ("p50", "p99")
)
PATHS = tuple(
    f"path, 24 x 24, {policy}, {what}"
    for policy in (SYNCED, *POLICIES)
    for what in ("throughput", "latency p50", "latency p99", "computing a section")
)


def bench(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command as a user starts it, with its temporary files in a folder of the test's."""
    command = [sys.executable, "-m", "scripts.bench", "bus", *arguments]
    environment = {**os.environ, "TMPDIR": str(folder)}
    return subprocess.run(
        command, cwd=ROOT, env=environment, timeout=PATIENCE_S, capture_output=True, text=True, check=False
    )


@pytest.mark.e2e
@pytest.mark.long
def test_a_quick_run_measures_everything(tmp_path: Path) -> None:
    """Every row has both sides, every goal a verdict; the chart is written, no process and no file remains."""
    chart = tmp_path / "bus.html"
    with short_run_dir() as folder:
        done = bench("--quick", "--json", "-", "--plot", str(chart), folder=folder)
        assert done.returncode == 0, done.stderr
        assert processes_of(folder) == []
        assert list(folder.iterdir()) == []
    figures: dict[str, Any] = json.loads(done.stdout)
    assert tuple(row["what"] for row in figures["rows"]) == (*WAYS, *PATHS)
    for row in figures["rows"]:
        assert row["ours"] > 0.0, row
        assert row["theirs"] > 0.0, row
        assert row["peer"] == ("bare pyzmq" if row["what"] in WAYS else BARE)
        assert (row["goal"] is None) == (row["met"] is None)
    assert "<script src=" not in chart.read_text()


@pytest.mark.e2e
def test_goals_are_what_is_promised(tmp_path: Path) -> None:
    """1.5 times bare pyzmq for large sections, either quantile, either wire; small messages are for information."""
    done = bench("--quick", "--parts", "latency", "--json", "-", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)["rows"]
    assert tuple(row["what"] for row in rows) == WAYS
    large = [row for row in rows if "x 158" in row["what"]]
    assert [row["goal"] for row in large] == pytest.approx([PROMISED * row["theirs"] for row in large], abs=1e-4)
    assert {row["goal"] for row in rows if row not in large} == {None}


@pytest.mark.e2e
@pytest.mark.parametrize("wrong", [["--parts", "latencies"], ["--quik"], ["--json"]])
def test_wrong_usage_is_status_2(wrong: list[str], tmp_path: Path) -> None:
    """Before anything is measured."""
    assert bench(*wrong, folder=tmp_path).returncode == 2


@pytest.mark.parametrize("name", WIRES)
def test_a_wire_is_the_same_in_another_process(name: str, tmp_path: Path) -> None:
    """Told in words, as a command line takes them."""
    wire = Wire.make(name, tmp_path)
    assert Wire.of(wire.words) == wire


def test_the_chart_is_a_page_of_its_own(tmp_path: Path) -> None:
    """Nothing is fetched from a network to draw it; a row without another side has no bar."""
    path = tmp_path / "chart.html"
    rows = [
        Row.of("one way, ipc, 500 x 158, p50", 0.3, "ms", peer="bare pyzmq", theirs=0.2),
        Row.of("path, 500 x 158, behind, throughput", 90.0, "sections/s", peer=BARE, theirs=100.0),
        Row.of("path, 500 x 158, never, latency p50", None, "ms", peer="not measured"),
    ]
    write_chart(path, rows)
    page = path.read_text()
    assert "<script src=" not in page
    assert "ipc, 500 x 158, p50" in page
    assert "never" not in page.partition("Plotly.newPlot")[2]
