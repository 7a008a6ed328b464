"""The systemd units: one a process, understood by systemd where it is installed."""

import json
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from alphabus.endpoints import SERVICES
from common.replay.pipeline import ROOT


@pytest.fixture
def units(tmp_path: Path) -> dict[str, Path]:
    """Units as the command writes them, for a checkout that could run."""
    python = tmp_path / "checkout" / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    places = ["--out", tmp_path / "units", "--root", tmp_path / "checkout", "--configs", tmp_path, "--user", "root"]
    command = [sys.executable, "-m", "scripts.units", *map(str, places), "--json", "-"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name: Path(path) for name, path in json.loads(done.stdout)["units"].items()}


def read(path: Path) -> ConfigParser:
    """A unit's sections; every key of ours stands once in its section."""
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys are case-sensitive
    parser.read(path, encoding="utf-8")
    return parser


def test_every_process_has_a_unit_and_the_target_wants_them_all(units: dict[str, Path]) -> None:
    """A new process without a unit cannot be."""
    assert set(units) == {*(f"alphabus-{name}@.service" for name in SERVICES), "alphabus@.target"}
    wanted = read(units["alphabus@.target"])["Unit"]["Wants"].split()
    assert wanted == [f"alphabus-{name}@%i.service" for name in SERVICES]


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_starts_its_process_again_but_not_for_a_wrong_configuration(name: str, units: dict[str, Path]) -> None:
    """It runs the process itself, restarts it on failure, and gives it two seconds to end."""
    service = read(units[f"alphabus-{name}@.service"])["Service"]
    assert f" -m services.{name} --config " in service["ExecStart"]
    assert (service["Restart"], service["RestartPreventExitStatus"], service["TimeoutStopSec"]) == (
        "on-failure",
        "2",
        "2",
    )


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_finds_nothing_wrong(units: dict[str, Path], tmp_path: Path) -> None:
    """`systemd-analyze verify` on every unit as an instance of it would be loaded."""
    for name, path in units.items():
        instance = path.with_name(name.replace("@.", "@demo."))
        instance.symlink_to(path)
    names = [str(path.with_name(name.replace("@.", "@demo."))) for name, path in units.items()]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True, check=False
    )
    about_us = [line for line in done.stderr.splitlines() if "alphabus" in line]
    assert (about_us, done.returncode) == ([], 0), done.stderr
