"""The systemd units: one a process, understood by systemd where it is installed."""

import json
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from alphabus.endpoints import SERVICES
from common.exits import BUDGET_SPENT, WRONG_USAGE
from common.replay.pipeline import ROOT
from common.restarts import SECOND
from common.supervisor import GRACE_NS
from scripts.command import main
from scripts.units import SPECIAL, app


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


@pytest.mark.parametrize("option", ["--root", "--configs", "--state", "--user"])
@pytest.mark.parametrize("wrong", [*sorted(SPECIAL), " ", "\t", "\n", "\N{NO-BREAK SPACE}", "\x7f"])
def test_what_systemd_would_read_otherwise_is_refused_by_option(
    option: str, wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A blank would split a path and %c would be expanded: nothing is written."""
    value = f"ann{wrong}c" if option == "--user" else str(tmp_path / f"a{wrong}c")
    with pytest.raises(SystemExit) as ended:
        main(app, "units", ["--out", str(tmp_path / "units"), option, value])
    assert ended.value.code == WRONG_USAGE
    told = capsys.readouterr().err
    assert f"Invalid value for {option}: " in told
    assert f"has {wrong!r}, which no unit can hold as it is" in " ".join(told.split())
    assert list(tmp_path.iterdir()) == []


def test_a_user_without_a_name_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty `User=` would run everything as root."""
    with pytest.raises(SystemExit) as ended:
        main(app, "units", ["--out", str(tmp_path / "units"), "--user", ""])
    assert ended.value.code == WRONG_USAGE
    assert "Invalid value for --user: it is empty; name another user" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_every_process_has_a_unit_and_the_target_wants_them_all(units: dict[str, Path]) -> None:
    """A new process without a unit cannot be."""
    assert set(units) == {*(f"alphabus-{name}@.service" for name in SERVICES), "alphabus@.target"}
    wanted = read(units["alphabus@.target"])["Unit"]["Wants"].split()
    assert wanted == [f"alphabus-{name}@%i.service" for name in SERVICES]


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_runs_what_the_procfile_runs(name: str, units: dict[str, Path]) -> None:
    """One supervisor for honcho and systemd: the same module over the same process, with the instance's file."""
    lines = dict(line.split(": exec python ", 1) for line in (ROOT / "Procfile").read_text("utf-8").splitlines())
    command = read(units[f"alphabus-{name}@.service"])["Service"]["ExecStart"].split(maxsplit=1)[1]
    assert command.partition(" --config ")[0] == lines[name]
    assert command.endswith("/%i.toml")


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_begins_again_only_what_its_supervisor_did_not_give_up(name: str, units: dict[str, Path]) -> None:
    """What people are to mend ends the unit; of its supervisor's own deaths it is started again."""
    service = read(units[f"alphabus-{name}@.service"])["Service"]
    assert service["Restart"] == "on-failure"
    assert {int(status) for status in service["RestartPreventExitStatus"].split()} == {WRONG_USAGE, BUDGET_SPENT}


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_leaves_its_supervisor_the_time_it_takes_and_leaves_nobody(name: str, units: dict[str, Path]) -> None:
    """It alone is told, ends within the two seconds it is given; who remains is killed, a dead child ends nobody."""
    service = read(units[f"alphabus-{name}@.service"])["Service"]
    assert (service["KillMode"], service["TimeoutStopSec"], service["OOMPolicy"]) == ("mixed", "2", "continue")
    assert int(service["TimeoutStopSec"]) * SECOND > GRACE_NS
    assert "SendSIGKILL" not in service


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
