"""What taking a model over comes to: registered, told, and as plain values."""

import getpass
from pathlib import Path
from typing import Any

from rich.markup import escape

from alphabus.clock import SystemClock
from common.models.records import ModelRef
from common.models.registry import Registry
from common.models.signature import Key
from common.research.migration.migration import Migration
from common.research.migration.registration import bundle_of
from scripts.command import console
from scripts.views.migration import factors_table, figures, movers_table, predictions_table, reasons_table, verdict


def register(migration: Migration, folder: Path, author: str | None, key: Key | None) -> ModelRef:
    """Put the model on record."""
    with Registry(folder, clock=SystemClock().wall_ns, key=key) as models:
        return models.add(bundle_of(migration), author=author or getpass.getuser(), why="taken over from vnpy")


def tell(migration: Migration, show: int, ref: ModelRef | None) -> dict[str, Any]:
    """Print the tables, so many factors of them, and what came of it; everything as plain values."""
    people = console()
    people.print(reasons_table(migration), factors_table(migration, show))
    if migration.movers:
        people.print(movers_table(migration, show))
    people.print(predictions_table(migration))
    for line in verdict(migration, ref):
        people.print(escape(line), soft_wrap=True, highlight=False)
    told = None if ref is None else {"name": ref.name, "version": ref.version, "digest": ref.digest}
    return {**figures(migration), "registered": told}
