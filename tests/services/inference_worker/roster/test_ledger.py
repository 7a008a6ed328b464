"""What the worker writes into the registry: each fact once, none lost, and never waited for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import cast

import pytest

from alphabus.messages import Origin, Reason, Status
from common.atomic import replacing
from common.models.records import Event, Serving
from common.models.registry import Registry
from services.inference_worker.control import Order
from services.inference_worker.roster import backlog
from services.inference_worker.roster import ledger as module
from services.inference_worker.roster.backlog import Backlog
from services.inference_worker.roster.ledger import PATIENCE_NS, Ledger
from services.inference_worker.roster.rows import MAGIC, Noted
from tests.services.cluster import add_version, toy_bundle, toy_registry
from tests.services.inference_worker.books import MODEL, Books, busy, full, spoken, taken, unwritable
from tests.services.inference_worker.desk import Desk
from tests.services.inference_worker.test_station import sections, until

HALT = Event("halt", "test", arm="champion")
OTHER_JOURNAL = b"x" * 16


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """An empty state folder beside a registry with one version."""
    return Books(toy_registry(tmp_path / "registry"), tmp_path / "state" / "inference_worker" / "unrecorded")


def test_a_row_for_each_change_of_what_serves(books: Books) -> None:
    """Not for each bar; another journal is a change, too."""
    with books.open() as it:
        for bar in (1, 2, 3):
            it.serve(spoken(bar))
        it.serve(spoken(2, arm="second"))
        it.serve(replace(spoken(4), journal=OTHER_JOURNAL))
    assert books.served() == [("champion", 1), ("second", 2), ("champion", 4)]
    assert (books.told, books.file.exists()) == ([], False)


def test_what_cannot_be_recorded_is_tried_again(books: Books) -> None:
    """A version that the registry does not know, or another writer, does not stop the signals."""
    with books.open() as it:
        it.serve(spoken(1, replace(MODEL, version=9)))
        with busy(books.root):
            it.serve(spoken(2))
            it.serve(spoken(3))
        assert books.served() == []
        books.again(it)
    assert books.served() == [("champion", 2)]


def test_what_serves_is_recorded_from_the_bar_it_began_with(books: Books) -> None:
    """However long the registry was busy, also when another model had its turn meanwhile; at the latest at the end."""
    with books.open() as it:
        with busy(books.root):
            it.serve(spoken(1))
            it.serve(replace(spoken(2), journal=OTHER_JOURNAL))
            it.serve(spoken(3))
            it.serve(spoken(4))
        it.close()
    assert books.served() == [("champion", 1), ("champion", 2), ("champion", 3)]


def test_history_that_has_to_wait_keeps_its_order_and_its_moment(books: Books) -> None:
    """It is tried again after a moment, not at every turn, until it is written; it is on file meanwhile."""
    with books.open() as it:
        then = books.clock.wall_ns()
        with busy(books.root):
            assert it.note(HALT, by="ann", why="one")
            assert it.note(Event("resume", "test", arm="champion"), by="ann", why="two")
        it.catch_up()
        assert len(books.file.read_bytes().splitlines()) == 3
        books.again(it)
        assert it.waiting == ()
        assert it.note(Event("open", "test", arm="champion"), by="ann", why="three")
    assert [row.why for row in books.history()] == ["one", "two", "three"]
    assert books.history()[0].time_ns == then < books.history()[2].time_ns
    assert not books.file.exists()


TROUBLES: dict[str, Callable[[Ledger], AbstractContextManager[None]]] = {
    "full": lambda it: full(it._registry),
    "read-only": lambda it: unwritable(it._registry),
    "busy": lambda it: busy(it._registry.root),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_kill_forgets_nothing_that_waits(books: Books, trouble: str) -> None:
    """Neither history nor who served from which bar on; the next worker puts it on record, each row once."""
    add_version(books.root, toy_bundle(seed=8))
    second, long = replace(MODEL, version=2), "because " * 2000
    with books.open() as it:
        it.serve(spoken(1))
        with TROUBLES[trouble](it):
            assert it.note(HALT, by="ann", why=long)
            it.serve(spoken(3, second))
            it.serve(spoken(5))
    assert books.served() == [("champion", 1)]
    for _ in range(2):
        with books.open() as it:
            assert it.waiting == ()
    assert books.served() == [("champion", 1), ("champion", 3), ("champion", 5)]
    assert [(row.action, row.by, row.why) for row in books.history()] == [("halt", "ann", long)]


def test_who_was_killed_before_it_knew_writes_nothing_twice(books: Books) -> None:
    """The registry had the rows already, and the file still had them, too."""
    add_version(books.root, toy_bundle(seed=8))
    with books.open() as it:
        with busy(books.root):
            it.note(HALT, by="ann", why="now")
            it.serve(spoken(1))
            it.serve(spoken(2, replace(MODEL, version=2)))
        content = books.file.read_bytes()
        books.again(it)
    books.file.write_bytes(content)
    with books.open() as it:
        assert it.waiting == ()
    assert (len(books.history()), books.served()) == (1, [("champion", 1), ("champion", 2)])
    assert not books.file.exists()


def test_a_start_at_a_busy_registry_has_what_waits(books: Books) -> None:
    """It is neither lost, nor behind what follows."""
    with busy(books.root):
        with books.open() as it:
            it.note(HALT, by="ann", why="one")
        with books.open() as it:
            assert [row.arm for row in it.waiting] == ["champion"]
            it.note(Event("resume", "test", arm="champion"), by="ann", why="two")
        assert len(books.file.read_bytes().splitlines()) == 3
    with books.open():
        pass
    assert [row.why for row in books.history()] == ["one", "two"]


@pytest.mark.parametrize("trouble", ["full", "read-only"])
def test_a_disk_that_takes_nothing_is_told_once(books: Books, trouble: str) -> None:
    """As an error; of a file of its own that cannot be written either, too, and then a halt is not kept."""
    books.file.parent.parent.mkdir()
    with books.open() as it:
        with TROUBLES[trouble](it), taken(books.file.parent):
            assert not it.note(HALT, by="ann", why="because " * 2000)
            for _ in range(3):
                books.again(it)
        assert sorted(books.heard("error")) == ["not_kept", "not_recorded_yet"]
        assert len(books.told) == 2
        books.again(it)
        assert it.waiting == ()
    assert len(books.history()) == 1


def test_another_writer_is_worth_a_warning_when_it_takes_long(books: Books) -> None:
    """In a moment it is over, most often: that is for the log alone."""
    with books.open() as it:
        with busy(books.root):
            it.serve(spoken(1))
            books.again(it)
            assert [(told.level, told.event) for told in books.told] == [("info", "not_recorded_yet")]
            books.clock.advance(PATIENCE_NS)
            books.again(it)
            books.again(it)
        assert [told.level for told in books.told] == ["info", "warning"]
        books.again(it)
        with busy(books.root):
            it.serve(spoken(2, arm="second"))
    assert [told.level for told in books.told] == ["info", "warning", "info"]


@pytest.mark.parametrize("kept", [True, False])
def test_what_waits_at_the_end_is_told(books: Books, *, kept: bool) -> None:
    """Each row of it: left to the next start, or lost."""
    books.file.parent.parent.mkdir()
    with books.open() as it, unwritable(it._registry):
        if kept:
            it.note(HALT, by="ann", why="one")
            it.close()
        else:
            with taken(books.file.parent):
                it.note(HALT, by="ann", why="one")
                it.close()
    last = books.told[-1]
    assert (last.level, last.event) == (("warning", "left_to_next_start") if kept else ("error", "not_recorded"))
    assert "'one'" in str(last.detail["row"])


def test_a_row_that_the_tables_do_not_allow_is_left_out(books: Books) -> None:
    """It says so of its own row, and nothing behind it is held up."""
    with books.open() as it:
        assert not it.note(HALT, by="ann", why=cast("str", None))
        assert it.waiting == ()
        with busy(books.root):
            it.serve(spoken(1, replace(MODEL, version=9)))
        assert it.note(HALT, by="ann", why="mine")
    assert books.heard("error") == ["not_recorded", "not_recorded"]


def test_a_damaged_file_is_set_aside_and_told(books: Books) -> None:
    """Every bit of it, every length; nothing of it is believed, and a person finds it."""
    with books.open() as it, busy(books.root):
        it.note(HALT, by="ann", why="now")
    good = books.file.read_bytes()
    broken = [good[:length] for length in range(len(good))]
    broken += [
        good[: bit // 8] + bytes([good[bit // 8] ^ 1 << bit % 8]) + good[bit // 8 + 1 :]
        for bit in range(0, 8 * len(good), 5)
    ]
    with Registry(books.root, clock=lambda: 0) as registry:
        for content in broken:
            books.told.clear()
            books.file.write_bytes(content)
            it = Ledger(registry, "test", books.clock, Backlog(books.file), lambda _arm, told: books.told.append(told))
            assert (books.heard(), it.waiting) == (["rows_unreadable"], ())
            assert Path(str(books.told[0].detail["file"])).read_bytes() == content
    kept = {path.read_bytes() for path in books.file.parent.glob("unrecorded.damaged*")}
    assert kept == set(broken)
    assert books.history() == []


@pytest.mark.parametrize("words", [b"1", b"[]", b'"serving"', b'{"serving": 1}', b'{"event": null}', b"{"])
def test_rows_of_another_shape_are_set_aside_however_well_they_are_sealed(books: Books, words: bytes) -> None:
    """They are told of, and the worker lives."""
    books.file.parent.mkdir(parents=True)
    books.file.write_bytes(MAGIC + sha256(words).hexdigest().encode() + b" " + words + b"\n")
    with books.open() as it:
        assert (books.heard(), it.waiting) == (["rows_unreadable"], ())


def test_a_row_costs_the_same_however_many_wait(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is put behind those that are on file: they are not written once more."""
    replaced = list[Path]()

    def counted(path: Path) -> AbstractContextManager[Path]:
        replaced.append(path)
        return replacing(path)

    monkeypatch.setattr(backlog, "replacing", counted)
    with books.open() as it, busy(books.root):
        for bar in range(1, 50):
            assert it.note(HALT, by="ann", why=str(bar))
        assert len(replaced) == 1
    with busy(books.root), books.open() as it:
        assert len(it.waiting) == 49
    with books.open() as it:
        assert it.waiting == ()
    assert [row.why for row in books.history()] == [str(bar) for bar in range(1, 50)]


def test_a_row_that_a_kill_tore_costs_none_before_it(books: Books) -> None:
    """Nobody was told that it is kept; what follows does not stand behind its rest."""
    with books.open() as it, busy(books.root):
        for why in ("one", "two"):
            it.note(HALT, by="ann", why=why)
    whole = books.file.read_bytes()
    second = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    for length in range(second, len(whole)):
        books.file.write_bytes(whole[:length])
        with busy(books.root):
            with books.open() as it:
                assert len(it.waiting) == 1
                it.note(HALT, by="ann", why="three")
            with books.open() as it:
                assert [row.why for row in it.waiting if isinstance(row, Noted)] == ["one", "three"]


def test_a_halt_that_the_registry_does_not_take_holds_after_a_kill() -> None:
    """Whether it has taken it meanwhile or not: the file counts."""
    it = Desk(waits=False)
    sections(it, 1)
    it._roster.quick._connection.rows("PRAGMA query_only = ON")
    assert it.floor.obey(Order("halt", ("champion",), "stop trading", "ann"))
    it.kill()
    with busy(it.folder / "registry"):
        it.restart()
        sections(it, 1)
        assert it.station.arm.halted
        assert [row.action for row in it.history("halt")] == []
    it.kill()
    it.restart()
    sections(it, 1)
    assert it.station.arm.halted
    assert [word.status for word in it.said] == [Status.FRESH, Status.VOID, Status.VOID]
    assert [row.why for row in it.history("halt")] == ["stop trading"]
    it.close()


def test_at_the_end_another_writer_is_waited_for(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment, so that a stop loses nothing."""
    monkeypatch.setattr(module, "CLOSING_S", 60.0)
    flags = Flag(), Flag()

    def write() -> None:
        with busy(books.root):
            flags[0].set()
            flags[1].wait(60)

    other = Thread(target=write)
    other.start()
    flags[0].wait(60)
    with books.open() as it:
        it.serve(spoken(1))
        assert it.waiting
        flags[1].set()
        it.close()
    other.join()
    assert books.served() == [("champion", 1)]


def test_what_was_said_but_not_recorded_is_recorded_at_the_next_start(books: Books) -> None:
    """The worker was killed in between; what is on record already gets no second row."""
    other = replace(MODEL, version=2)
    add_version(books.root, toy_bundle(seed=8))
    with books.open() as it:
        it.serve(spoken(1))
    with books.open() as it:
        it.recall(spoken(3))
        assert books.served() == [("champion", 1)]
        it.recall(spoken(4, other))
        it.recall(spoken(5, other))
        it.recall(replace(spoken(2), journal=OTHER_JOURNAL))
    assert books.served() == [("champion", 1), ("champion", 4), ("champion", 2)]


@pytest.mark.parametrize(
    ("status", "rows"),
    [(Status.HELD, [("champion", 2)]), (Status.LATE, [("champion", 2)]), (Status.VOID, []), (Status.DEFAULT, [])],
)
def test_a_word_tells_who_served_where_its_values_came_from(
    books: Books, status: Status, rows: list[tuple[str, int]]
) -> None:
    """What is held was computed at an earlier bar; without values the model that is named computed nothing."""
    word = replace(spoken(4), status=status, reason=Reason.TIMEOUT, computed_from=Origin(2, 7), age=2)
    with books.open() as it:
        it.recall(word)
    assert books.served() == rows


def test_a_worker_that_was_killed_before_it_recorded_knows_what_it_said() -> None:
    """The row is of the bar that the model spoke of first, though others were said since; so is the swap's."""
    it = Desk(waits=False)
    sections(it, 1)
    it._roster.quick._connection.rows("PRAGMA query_only = ON")
    it.promote(2)
    until(it, lambda: it.serving == 2)
    sections(it, 3)
    it.kill()
    it.restart()
    sections(it, 1)
    rows: list[Serving | None] = [it.person.served_at("test", "champion", bar) for bar in range(1, 6)]
    assert [row and row.version for row in rows] == [1, 2, 2, 2, 2]
    assert [row.target for row in it.history("swap")] == [("demo", 2)]
    it.close()


def test_a_disk_without_room_costs_no_signal_and_no_row() -> None:
    """Neither registry nor file takes anything while another model takes over: told as errors, and all of it kept."""
    it = Desk(waits=False)
    sections(it, 1)
    it.promote(2)
    it.config.state.mkdir(exist_ok=True)
    with unwritable(it._roster.quick), taken(it.config.state / "inference_worker"):
        until(it, lambda: it.serving == 2)
        sections(it, 3)
        assert {word.status for word in it.said} == {Status.FRESH}
        assert {told.event for told in it.told if told.level == "error"} == {"not_recorded_yet", "not_kept"}
    sections(it, 2)
    rows = [it.person.served_at("test", "champion", bar) for bar in range(1, 5)]
    assert [row and row.version for row in rows] == [1, 2, 2, 2]
    assert [row.target for row in it.history("swap")] == [("demo", 2)]
    it.close()
