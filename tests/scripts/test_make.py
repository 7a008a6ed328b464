"""What make accepts on its command line."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TAKES = {
    target: names.split()
    for target, names in re.findall(r"^TAKES_([a-z]+) := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
}


def ask_make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Say what would be done, and do nothing; nothing of a make that runs these tests is heard."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    return subprocess.run(
        ["make", "-n", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_misspelt_variable_is_refused() -> None:
    """It must not run the sample market instead of the file that was meant."""
    told = ask_make("run", "BRAS=mine.parquet")
    assert told.returncode != 0
    assert "BRAS: no variable of this Makefile; there are" in told.stderr


@pytest.mark.parametrize("target", TAKES)
def test_a_target_hands_on_what_it_takes_and_refuses_the_rest(target: str) -> None:
    """Each variable is an option of its command, in quotes; one that only others take is named, and nothing runs."""
    taken = {name: f"it's {name}" for name in TAKES[target]}
    told = ask_make(target, *(f"{name}={value}" for name, value in taken.items()))
    assert told.returncode == 0
    command = shlex.split(told.stdout.splitlines()[-1])
    pairs = dict(zip(command[3::2], command[4::2], strict=True))
    assert pairs == {f"--{name.lower()}": value for name, value in taken.items()}
    for name in {name for names in TAKES.values() for name in names} - taken.keys():
        told = ask_make(target, f"{name}=x")
        assert told.returncode != 0
        assert f"{name}: make {target} does not take it; it takes PYTHON VENV" in told.stderr


def test_what_takes_nothing_refuses_everything() -> None:
    """Such as the tests, which have no bars of anybody."""
    assert "BARS: make test does not take it" in ask_make("test", "BARS=mine.parquet").stderr


def test_one_of_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the command line counts."""
    monkeypatch.setenv("BARS", "left.parquet")
    monkeypatch.setenv("BRAS", "left.parquet")
    told = ask_make("run")
    assert (told.returncode, "left.parquet" in told.stdout) == (0, False)
