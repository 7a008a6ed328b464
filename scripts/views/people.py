"""A console on which nothing is cut off: in a terminal it is folded, and elsewhere there is no width."""

from typing import Any

from rich.console import Console
from rich.table import Table

WITHOUT_TERMINAL = 20_000
"""Characters; a factor's text has 10,000 at most."""


class People(Console):
    """What a terminal has no room for is folded in its cell, in every table."""

    def print(self, *objects: Any, **how: Any) -> None:
        """As any console, whatever a table was told to do with what does not fit."""
        for table in (each for each in objects if isinstance(each, Table)):
            for column in table.columns:
                column.overflow = "fold"
        super().print(*objects, **how)
