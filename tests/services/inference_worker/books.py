"""A ledger on a registry that may be busy or full, and on a folder that may be full as well."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alphabus.messages import Model, Signals
from alphabus.testing import ManualClock, signals
from common.models.records import Change
from common.models.registry import Registry
from services.inference_worker.actions import Told
from services.inference_worker.roster.backlog import Backlog
from services.inference_worker.roster.ledger import AGAIN_NS, Ledger

MODEL = Model("demo", 1, "0" * 64)


@dataclass(slots=True)
class Books:
    """What one worker after the other writes; a kill is the next `open`."""

    root: Path
    file: Path
    clock: ManualClock = field(default_factory=ManualClock)
    told: list[Told] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[Ledger]:
        """A worker's, on a connection that waits for nobody."""
        with Registry(self.root, clock=lambda: 0, timeout_s=0.0) as registry:
            yield Ledger(registry, "test", self.clock, Backlog(self.file), lambda _arm, told: self.told.append(told))

    def again(self, ledger: Ledger) -> None:
        """Time passes, and what had to wait is tried again."""
        self.clock.advance(AGAIN_NS)
        ledger.catch_up()

    def heard(self, level: str | None = None) -> list[str]:
        """The events that were told, or those of a level."""
        return [told.event for told in self.told if level in {None, told.level}]

    def history(self) -> list[Change]:
        """What was done to arms, oldest first."""
        with Registry(self.root, clock=lambda: 0) as registry:
            return [row for row in registry.history("test") if row.arm is not None]

    def served(self) -> list[tuple[str, int]]:
        """Arm and bar of every serving row."""
        with closing(sqlite3.connect(self.root / "registry.sqlite")) as database:
            rows: list[tuple[str, int]] = database.execute("SELECT arm, bar FROM serving ORDER BY rowid").fetchall()
        return rows


@contextmanager
def busy(root: Path) -> Iterator[None]:
    """Another process is in the middle of a change."""
    with closing(sqlite3.connect(root / "registry.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("COMMIT")


@contextmanager
def full(registry: Registry) -> Iterator[None]:
    """The disk has no page left, of this connection: a long row does not fit any more."""
    connection = registry._connection
    pages = connection.row("PRAGMA page_count")
    assert pages is not None
    before = connection.row("PRAGMA max_page_count")
    assert before is not None
    connection.rows(f"PRAGMA max_page_count = {pages[0]}")
    yield
    connection.rows(f"PRAGMA max_page_count = {before[0]}")


@contextmanager
def unwritable(registry: Registry) -> Iterator[None]:
    """The disk takes nothing at present, of this connection."""
    registry._connection.rows("PRAGMA query_only = ON")
    yield
    registry._connection.rows("PRAGMA query_only = OFF")


@contextmanager
def taken(folder: Path) -> Iterator[None]:
    """Nothing can be written there: a file has its name."""
    folder.write_bytes(b"")
    yield
    folder.unlink()


def spoken(bar: int, model: Model = MODEL, arm: str = "champion") -> Signals:
    """A fresh section of an arm."""
    return signals(bar, {"A": 1.0}, arm=arm, model=model)
