"""What make accepts on its command line."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def ask_make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Say what would be done, and do nothing."""
    return subprocess.run(["make", "-n", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_a_misspelt_variable_is_refused() -> None:
    """It must not run the sample market instead of the file that was meant."""
    told = ask_make("run", "BRAS=mine.parquet")
    assert told.returncode != 0
    assert "BRAS: no variable of this Makefile; there are" in told.stderr


@pytest.mark.parametrize("name", sorted(set(re.findall(r"call given,([A-Z]+)", (ROOT / "Makefile").read_text()))))
def test_a_variable_that_is_used_is_known(name: str) -> None:
    """Everything `run` and `up` take may stand on the command line."""
    assert ask_make("run", f"{name}=x").returncode == 0


def test_one_of_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the command line counts."""
    monkeypatch.setenv("BARS", "left.parquet")
    monkeypatch.setenv("BRAS", "left.parquet")
    told = ask_make("run")
    assert (told.returncode, "left.parquet" in told.stdout) == (0, False)
