"""What the code says of taking models over, in the form of the tables of docs/migration.md."""

from __future__ import annotations

from common.research.migration.reasons import MEANING
from tests.docs.pages import column

Rows = list[list[str]]
Compared = tuple[object, object]


def reasons(rows: Rows) -> Compared:
    """Every reason, in order, with its meaning in the words the command uses."""
    return dict(zip(column(rows), column(rows, 1), strict=True)), {str(name): told for name, told in MEANING.items()}
