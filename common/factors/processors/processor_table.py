"""The table of processors as docs/processors.md shows it: `python -m common.factors.processors.processor_table`."""

from dataclasses import MISSING, fields
from pathlib import Path

from common.factors.processors.processor import Processor
from common.factors.processors.table import TABLE

PAGE = Path(__file__).parents[3] / "docs" / "processors.md"
BEGIN = "<!-- processors: written by python -m common.factors.processors.processor_table -->\n"
END = "<!-- end of processors -->\n"
HEADING = ("processor", "what it does", "formula", "learns in fit", "missing values")


def processor_table() -> str:
    """Return the table in Markdown, a row a processor in the order of `TABLE`."""
    rows = [HEADING, tuple("---" for _ in HEADING), *(_row(each) for each in TABLE)]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows)


def with_table(page: str) -> str:
    """Return a page with the table as it should be between the two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{processor_table()}{END}{after}"


def _row(row: type[Processor]) -> tuple[str, ...]:
    return f"`{row.name}({_parameters(row)})`", row.summary, row.formula, _learns(row), row.missing


def _parameters(row: type[Processor]) -> str:
    return ", ".join(each.name if each.default is MISSING else f"{each.name}={each.default}" for each in fields(row))


def _learns(row: type[Processor]) -> str:
    by = "a column and symbol" if row.by_symbol else "a column"
    return f"{', '.join(row.learns)} of {by}" if row.learns else "-"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
