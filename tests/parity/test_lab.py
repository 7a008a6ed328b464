"""A lab that vnpy made: exported by the shipped exporter under vnpy's Python, imported, and read as vnpy reads it."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from common.research.lab import Contract, Lab
from tests.parity.asking import PYTHON, ROOT

EXPORTER = ROOT / "exporters" / "vnpy_lab.py"


def run(*command: object, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A program, with its words."""
    return subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with vnpy's lab, what vnpy says of it, and the export."""
    folder = tmp_path_factory.mktemp("vnpy")
    (folder / ".vntrader").mkdir()
    done = run(PYTHON, ROOT / "tests" / "parity" / "lab_maker.py", folder, folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def exported(made: Path) -> subprocess.CompletedProcess[str]:
    """What the exporter said."""
    return run(PYTHON, EXPORTER, made / "lab", folder=made)


@pytest.fixture(scope="module")
def imported(made: Path, exported: subprocess.CompletedProcess[str]) -> Lab:
    """Our lab, filled by the command."""
    done = run(
        sys.executable, "-m", "scripts.bars", "import", made / "lab", "--lab", made / "ours", "--zone", "Asia/Shanghai"
    )
    assert done.returncode == 0, done.stderr
    return Lab(made / "ours", clock=lambda: 0, author="tester")


def said_by_vnpy(made: Path) -> dict[str, Any]:
    """What vnpy itself read."""
    found: dict[str, Any] = json.loads((made / "vnpy.json").read_text(encoding="utf-8"))
    return found


def test_the_exporter_says_what_it_wrote(exported: subprocess.CompletedProcess[str], made: Path) -> None:
    """A file an index, and nothing that nobody reads."""
    assert (exported.returncode, exported.stderr) == (0, "")
    written = [path for path in (made / "lab" / "export").rglob("*") if path.is_file()]
    assert exported.stdout.split() == [str(path) for path in written]
    assert [path.name for path in written] == ["000300.SSE.json"]


def test_bars_come_over_whole(imported: Lab) -> None:
    """Days and minutes, every number; minutes are stamped at their close from now on."""
    days = imported.load_bar_df(["000001.SSE", "600000.SSE"], "d")
    assert days.height == 10
    assert days.filter(symbol="000001.SSE")["close"].to_list() == [10.0, 11.0, 12.0, 13.0, 14.0]
    minutes = imported.load_bar_df(["600000.SSE"], "1m")
    assert minutes["datetime"].dt.minute().to_list() == [1, 2, 3, 4, 5]
    assert minutes["volume"].to_list() == [100.0, 101.0, 102.0, 103.0, 104.0]


def test_members_are_those_vnpy_reads(imported: Lab, made: Path) -> None:
    """Lists by date, and the stays vnpy makes of them."""
    said = said_by_vnpy(made)
    lists = {date.fromisoformat(day): sorted(names) for day, names in said["lists"].items()}
    assert imported.load_component_data("000300.SSE") == lists
    filters = imported.load_component_filters("000300.SSE")
    assert {name: [[str(end) for end in stay] for stay in stays] for name, stays in filters.items()} == said["filters"]


def test_contracts_and_signals_come_over(imported: Lab) -> None:
    """As they were."""
    assert imported.load_contract_settings() == {"000001.SSE": Contract(0.0005, 0.0015, 1, 0.01)}
    assert imported.load_signal("mine")["signal"].to_list() == [0.5]
