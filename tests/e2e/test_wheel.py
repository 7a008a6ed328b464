"""What a trading engine installs: the wheel alone, in an empty environment, against a running pipeline."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from common.replay.pipeline import ROOT, Pipeline
from tests.e2e.harness import Bench

PATIENCE_S = 300.0

SUBSCRIBE = """
import json, sys
from alphabus.client import SignalClient

bars = []
with SignalClient("test", mode="replay") as client:
    for section in client:
        bars.append([section.signals.bar, len(section.by_symbol())])
print(json.dumps({"bars": bars, "modules": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S)
    (found,) = folder.glob("alphabus-*.whl")
    return found


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel and what it asks for, nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=PATIENCE_S)
    command = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    subprocess.run(command, check=True, timeout=PATIENCE_S)
    return folder / "bin/python"


def test_the_wheel_holds_the_client_alone(wheel: Path) -> None:
    """A top-level `common` in a trader's environment would collide with anybody's."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
        assert {top for top in tops if not top.endswith(".dist-info")} == {"alphabus"}
        assert "alphabus/py.typed" in archive.namelist()


def test_signals_from_a_running_pipeline(market: Bench, python: Path, tmp_path: Path, run_dir: Path) -> None:
    """`import alphabus`, subscribe, get every section from the latest to the end; nothing heavy is imported."""
    prepared = market.prepare(feed={"pace_s": 0.05})
    with Pipeline(prepared.config, prepared.config_file) as pipeline:
        while (beat := pipeline.status("signal_cache")) is None or beat.bar < 285:
            assert pipeline.running
        command = [str(python), "-c", SUBSCRIBE]
        done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=PATIENCE_S)
    said = json.loads(done.stdout)
    bars = [bar for bar, _ in said["bars"]]
    assert bars[0] >= 285
    assert bars == list(range(bars[0], 421))
    assert all(count > 0 for _, count in said["bars"])
    assert not {"polars", "lightgbm", "torch", "numba", "common"} & set(said["modules"])
