"""Tables as people see them: whole, in a narrow terminal as in a pipe."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table

from scripts.views.people import WITHOUT_TERMINAL, People


def shown(width: int, *cells: str) -> str:
    """A row of these under headings of their own, on a console of this width."""
    table = Table(*(f"heading {place}" for place in range(len(cells))))
    table.add_row(*cells)
    people = People(file=io.StringIO(), width=width)
    people.print("before", table)
    assert isinstance(people.file, io.StringIO)
    return people.file.getvalue()


def test_a_narrow_terminal_folds() -> None:
    """Every letter is there, and no mark of something left out."""
    told = shown(40, "x" * 50, "y" * 30)
    assert (told.count("x"), told.count("y")) == (50, 30)
    assert "\u2026" not in told
    assert max(map(len, told.splitlines())) <= 40


def test_without_a_terminal_a_row_is_a_line() -> None:
    """However long its values are: a factor's text has up to 10,000 letters."""
    told = shown(WITHOUT_TERMINAL, "x" * 10_000, "y" * 200)
    assert any("x" * 10_000 in line and "y" * 200 in line for line in told.splitlines())


@pytest.mark.parametrize("columns", ["40", "80"])
def test_a_piped_command_folds_nothing(tmp_path: Path, columns: str) -> None:
    """Neither its tables, nor its help, nor what is wrong with its options, whatever the terminal behind it is."""
    long = f"ts_mean({' + '.join(['close'] * 60)}, 5)"
    own = tmp_path / "own.toml"
    own.write_text(f'label = "ts_delay(close, -1) / close"\n[factors]\nlong = "{long}"\n', encoding="utf-8")
    for arguments, told in (
        (("factors", "show", "--set", str(own)), long),
        (("factors", "show", "--set", str(tmp_path / ("n" * 60))), "n" * 60),
        (("models", "--help"), "Make an alias of an instance mean a version; its files are verified first, the change"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", f"scripts.{arguments[0]}", *arguments[1:]],
            capture_output=True,
            text=True,
            check=False,
            env={"COLUMNS": columns, "PATH": "/usr/bin"},
        )
        assert any(told in line for line in (done.stdout + done.stderr).splitlines())
