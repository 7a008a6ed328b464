"""What the worker writes into the registry: each fact once, none lost, and never waited for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from alphabus.messages import Model, Signals
from alphabus.testing import ManualClock, signals
from common.models.records import Event
from common.models.registry import Registry
from services.inference_worker.ledger import AGAIN_NS, Ledger
from tests.services.cluster import silent_log, toy_registry

MODEL = Model("demo", 1, "0" * 64)


@contextmanager
def ledger(root: Path, clock: ManualClock) -> Iterator[Ledger]:
    """On a connection that waits for nobody."""
    with Registry(root, clock=lambda: 0, timeout_s=0.0) as registry:
        yield Ledger(registry, "test", clock, silent_log())


@contextmanager
def busy(root: Path) -> Iterator[None]:
    """Another process is in the middle of a change."""
    with closing(sqlite3.connect(root / "registry.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("COMMIT")


def spoken(bar: int, model: Model = MODEL, arm: str = "champion") -> Signals:
    """A fresh section of an arm."""
    return signals(bar, {"A": 1.0}, arm=arm, model=model)


def served(root: Path) -> list[tuple[str, int]]:
    """Arm and bar of every serving row."""
    with closing(sqlite3.connect(root / "registry.sqlite")) as database:
        rows: list[tuple[str, int]] = database.execute("SELECT arm, bar FROM serving ORDER BY rowid").fetchall()
    return rows


def test_a_row_for_each_change_of_what_serves(tmp_path: Path) -> None:
    """Not for each bar; another journal is a change, too."""
    root = toy_registry(tmp_path)
    with ledger(root, ManualClock()) as it:
        for bar in (1, 2, 3):
            it.serve(spoken(bar))
        it.serve(spoken(2, arm="second"))
        it.serve(replace(spoken(4), journal=b"x" * 16))
    assert served(root) == [("champion", 1), ("second", 2), ("champion", 4)]


def test_what_cannot_be_recorded_is_tried_again(tmp_path: Path) -> None:
    """A version that the registry does not know, or another writer, does not stop the signals."""
    root, clock = toy_registry(tmp_path), ManualClock()
    with ledger(root, clock) as it:
        it.serve(spoken(1, replace(MODEL, version=9)))
        with busy(root):
            it.serve(spoken(2))
            it.serve(spoken(3))
        assert served(root) == []
        clock.advance(AGAIN_NS)
        it.catch_up()
    assert served(root) == [("champion", 2)]


def test_what_serves_is_recorded_from_the_bar_it_began_with(tmp_path: Path) -> None:
    """However long the registry was busy, also when another model had its turn meanwhile; at the latest at the end."""
    root = toy_registry(tmp_path)
    with ledger(root, ManualClock()) as it:
        with busy(root):
            it.serve(spoken(1))
            it.serve(replace(spoken(2), journal=b"x" * 16))
            it.serve(spoken(3))
            it.serve(spoken(4))
        it.close()
    assert served(root) == [("champion", 1), ("champion", 2), ("champion", 3)]


def test_history_that_has_to_wait_keeps_its_order(tmp_path: Path) -> None:
    """It is tried again after a moment, not at every turn, until it is written."""
    root, clock = toy_registry(tmp_path), ManualClock()
    with ledger(root, clock) as it:
        with busy(root):
            assert not it.note(Event("halt", "test", arm="a"), by="ann", why="one")
            assert not it.note(Event("resume", "test", arm="a"), by="ann", why="two")
        it.catch_up()
        assert it.behind
        clock.advance(AGAIN_NS)
        it.catch_up()
        assert not it.behind
        assert it.note(Event("open", "test", arm="a"), by="ann", why="three")
    with Registry(root, clock=lambda: 0) as registry:
        assert [change.why for change in registry.history("test")][-3:] == ["one", "two", "three"]
