"""What the worker writes into the registry: each fact once, none lost, and never waited for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import cast

import pytest
import structlog
from structlog.testing import LogCapture

from alphabus.messages import Model, Origin, Reason, Signals, Status
from alphabus.testing import ManualClock, signals
from common.models.records import Event
from common.models.registry import Registry
from services.inference_worker import ledger as module
from services.inference_worker.control import Order
from services.inference_worker.ledger import AGAIN_NS, Ledger
from tests.services.cluster import add_version, silent_log, toy_bundle, toy_registry
from tests.services.inference_worker.desk import Desk
from tests.services.inference_worker.test_station import sections, until

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


@contextmanager
def unwritable(registry: Registry) -> Iterator[None]:
    """The disk takes nothing at present, of this connection."""
    registry._connection.rows("PRAGMA query_only = ON")
    yield
    registry._connection.rows("PRAGMA query_only = OFF")


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


def test_what_the_disk_does_not_take_is_kept(tmp_path: Path) -> None:
    """Full, or read-only: whoever asked is told that it is not on record, and it gets there."""
    root, clock = toy_registry(tmp_path), ManualClock()
    with ledger(root, clock) as it:
        with unwritable(it._registry):
            assert not it.note(Event("halt", "test", arm="a"), by="ann", why="one")
            it.serve(spoken(1))
            it.serve(spoken(2))
            assert it.behind
        clock.advance(AGAIN_NS)
        it.catch_up()
        assert not it.behind
    assert served(root) == [("champion", 1)]
    with Registry(root, clock=lambda: 0) as registry:
        assert [change.why for change in registry.history("test")][-1:] == ["one"]


def test_what_is_lost_at_the_end_is_told(tmp_path: Path) -> None:
    """Each row of it; that it waits is told once for each cause, not at every try."""
    root, clock, capture = toy_registry(tmp_path), ManualClock(), LogCapture()
    log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[capture])
    with Registry(root, clock=lambda: 0, timeout_s=0.0) as registry, unwritable(registry):
        it = Ledger(registry, "test", clock, log)
        for why in ("one", "two"):
            it.note(Event("halt", "test", arm="a"), by="ann", why=why)
            clock.advance(AGAIN_NS)
            it.catch_up()
        it.close()
    assert [entry["event"] for entry in capture.entries] == ["not_recorded_yet", "not_recorded", "not_recorded"]
    assert ["one" in capture.entries[1]["entry"], "two" in capture.entries[2]["entry"]] == [True, True]


def test_a_row_that_the_tables_do_not_allow_is_left_out(tmp_path: Path) -> None:
    """It says so of its own row, and nothing behind it is held up."""
    root = toy_registry(tmp_path)
    with ledger(root, ManualClock()) as it:
        assert not it.note(Event("halt", "test", arm="a"), by="ann", why=cast("str", None))
        assert not it.behind
        with busy(root):
            it.serve(spoken(1, replace(MODEL, version=9)))
        assert it.note(Event("halt", "test", arm="a"), by="ann", why="mine")


def test_a_halt_that_is_not_on_record_is_not_answered_as_done() -> None:
    """Once it is there a restart finds it, and trades nothing."""
    it = Desk(waits=False)
    sections(it, 1)
    with unwritable(it._roster.quick):
        assert not it.floor.obey(Order("halt", ("champion",), "stop trading", "ann"))
    it.clock.advance(AGAIN_NS)
    sections(it, 1)
    it.restart()
    sections(it, 1)
    assert it.station.arm.halted
    assert [word.status for word in it.said] == [Status.FRESH, Status.VOID, Status.VOID]
    it.close()


def test_at_the_end_another_writer_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment, so that a stop loses nothing."""
    monkeypatch.setattr(module, "CLOSING_S", 60.0)
    root, flags = toy_registry(tmp_path), (Flag(), Flag())

    def write() -> None:
        with busy(root):
            flags[0].set()
            flags[1].wait(60)

    other = Thread(target=write)
    other.start()
    flags[0].wait(60)
    with ledger(root, ManualClock()) as it:
        it.serve(spoken(1))
        assert it.behind
        flags[1].set()
        it.close()
    other.join()
    assert served(root) == [("champion", 1)]


def test_what_was_said_but_not_recorded_is_recorded_at_the_next_start(tmp_path: Path) -> None:
    """The worker was killed in between; what is on record already gets no second row."""
    root, other = toy_registry(tmp_path), replace(MODEL, version=2)
    add_version(root, toy_bundle(seed=8))
    with ledger(root, ManualClock()) as it:
        it.serve(spoken(1))
    with ledger(root, ManualClock()) as it:
        it.recall(spoken(3))
        assert served(root) == [("champion", 1)]
        it.recall(spoken(4, other))
        it.recall(spoken(5, other))
        it.recall(replace(spoken(2), journal=b"x" * 16))
    assert served(root) == [("champion", 1), ("champion", 4), ("champion", 2)]


@pytest.mark.parametrize(
    ("status", "rows"),
    [(Status.HELD, [("champion", 2)]), (Status.LATE, [("champion", 2)]), (Status.VOID, []), (Status.DEFAULT, [])],
)
def test_a_word_tells_who_served_where_its_values_came_from(
    tmp_path: Path, status: Status, rows: list[tuple[str, int]]
) -> None:
    """What is held was computed at an earlier bar; without values the model that is named computed nothing."""
    root = toy_registry(tmp_path)
    word = replace(spoken(4), status=status, reason=Reason.TIMEOUT, computed_from=Origin(2, 7), age=2)
    with ledger(root, ManualClock()) as it:
        it.recall(word)
    assert served(root) == rows


def test_a_worker_that_was_killed_before_it_recorded_knows_what_it_said() -> None:
    """The row is of the bar that the model spoke of first."""
    it = Desk(waits=False)
    sections(it, 1)
    it.promote(2)
    until(it, lambda: it.serving == 2)
    it._roster.quick._connection.rows("PRAGMA query_only = ON")
    sections(it, 1)
    it.restart()
    sections(it, 1)
    rows = [it.person.served_at("test", "champion", bar) for bar in (1, 2, 3)]
    assert [row and row.version for row in rows] == [1, 2, 2]
    it.close()
