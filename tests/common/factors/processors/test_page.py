"""docs/processors.md says what the table of processors says."""

from common.factors.processors.processor_table import BEGIN, END, PAGE, processor_table, with_table
from common.factors.processors.table import TABLE


def test_the_page_is_not_stale() -> None:
    """`python -m common.factors.processors.processor_table` was run after the last change of a processor."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_table(page)


def test_the_table_has_every_processor() -> None:
    """A row each, by name, and no cell empty."""
    rows = [line.replace("\\|", "").split(" | ") for line in processor_table().splitlines()]
    assert [row[0].partition("(")[0] for row in rows[2:]] == [f"| `{each.name}" for each in TABLE]
    assert {len(row) for row in rows} == {5}
    assert all(cell.strip(" |") for row in rows for cell in row)


def test_only_the_table_is_written() -> None:
    """What stands around it stays."""
    assert with_table(f"above\n{BEGIN}old\n{END}below\n") == f"above\n{BEGIN}{processor_table()}{END}below\n"
