"""docs/factors.md says what the operator table says."""

import re
from pathlib import Path

import pytest

from common.factors.operator_table import BEGIN, END, PAGE, operator_table, with_table
from common.factors.operators import TABLE
from common.factors.plan import compile_set
from common.factors.sets import load_set

_SET = re.compile(r"<!-- set: (?P<name>[a-z.]+) -->\n```text\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_page_is_not_stale() -> None:
    """`python -m common.factors.operator_table` was run after the last change of an operator."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_table(page)


def test_the_table_has_every_operator() -> None:
    """A row each, as it is written, and no cell empty."""
    rows = [line.replace("\\|", "").split(" | ") for line in operator_table().splitlines()]
    assert [row[0] for row in rows[2:]] == [f"| `{each.usage}`" for each in TABLE]
    assert {len(row) for row in rows} == {7}
    assert all(cell.strip() for row in rows for cell in row)


def test_only_the_table_is_written() -> None:
    """What stands around it stays."""
    assert with_table(f"above\n{BEGIN}old\n{END}below\n") == f"above\n{BEGIN}{operator_table()}{END}below\n"


@pytest.mark.parametrize(
    "found", list(_SET.finditer(PAGE.read_text(encoding="utf-8"))), ids=lambda found: found["name"]
)
def test_the_sets_on_the_page_are_sets(found: re.Match[str], tmp_path: Path) -> None:
    """Whoever copies one has a set that compiles."""
    path = tmp_path / found["name"]
    path.write_text(found["text"], encoding="utf-8")
    assert len(compile_set(load_set(str(path))).names) >= 3


def test_the_page_shows_both_ways() -> None:
    """One set in TOML, one in Python."""
    names = [found["name"] for found in _SET.finditer(PAGE.read_text(encoding="utf-8"))]
    assert names == ["mine.toml", "mine.py"]
