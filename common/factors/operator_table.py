"""The operator table as docs/factors.md shows it: `python -m common.factors.operator_table` writes it anew."""

from pathlib import Path

from common.factors.definition import Kind, Operator, Parameters
from common.factors.operators import TABLE

PAGE = Path(__file__).parents[2] / "docs" / "factors.md"
BEGIN = "<!-- operators: written by python -m common.factors.operator_table -->\n"
END = "<!-- end of operators -->\n"
HEADING = (
    "operator",
    "formula",
    "kind",
    "own bars it reads",
    "values a window needs",
    "NaN in what it reads",
    "source",
)
SHOWN = 14
"""The window that warm lengths are given for."""
STILL = "[if it moves](#where-nothing-moves)"
"""What is said of an operator whose seed fades no faster than its value where nothing moves."""


def operator_table() -> str:
    """Return the table in Markdown, a row an operator in the order of `TABLE`."""
    rows = [HEADING, tuple("---" for _ in HEADING), *(_row(each) for each in TABLE)]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows)


def with_table(page: str) -> str:
    """Return a page with the table as it should be between the two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{operator_table()}{END}{after}"


def _row(row: Operator) -> tuple[str, ...]:
    formula = f"`{row.formula}`" if row.kind is Kind.COMPOSITION else row.formula
    return f"`{row.usage}`", formula, row.kind.value, _reads(row), row.needs.value, row.nan, row.source


def _reads(row: Operator) -> str:
    match row.kind:
        case Kind.FOLD:
            return "`window`"
        case Kind.DELAY:
            return "`delay` + 1"
        case Kind.RECURSIVE:
            still = f", {STILL}" if row.quotient else ""
            warm = _warm(row, (SHOWN,) * len(row.parameters))
            return f"all; right to 1e-12 after {warm} at a window of {SHOWN}{still}"
        case Kind.COMPOSITION:
            return "as there"
        case Kind.ELEMENT | Kind.CROSS_SECTION:
            return "1"


def _warm(row: Operator, parameters: Parameters) -> int:
    return row.settle(parameters) + 1


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
