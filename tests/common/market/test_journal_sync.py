"""Syncing behind: in a thread, in order, at most one bar late, and never over a failure."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from common.errors import JournalError
from common.market.journal_sync import Behind


class Gate:
    """A sync that can be held up, and that can fail."""

    def __init__(self) -> None:
        self.open, self.entered = Event(), Event()
        self.done = 0
        self.error: JournalError | None = None

    def __call__(self) -> None:
        """Stand in for the sync of a file."""
        self.entered.set()
        assert self.open.wait(10)
        self.entered.clear()
        if self.error is not None:
            raise self.error
        self.done += 1


def test_the_writer_does_not_wait_for_its_own_bar() -> None:
    """A record is passed on while it is being synced, and so is another of the same bar."""
    gate = Gate()
    behind = Behind(gate)
    behind.before(1)
    behind.after(1)
    behind.settle()
    behind.before(1)
    behind.after(1)
    assert (gate.done, behind.waiting) == (0, 1)
    gate.open.set()
    behind.flush()
    assert behind.waiting is None
    behind.close()


def test_the_next_bar_waits() -> None:
    """Until the one before it is on disk."""
    gate, order, passed = Gate(), list[str](), Event()
    behind = Behind(gate)
    behind.after(1)
    behind.settle()
    assert gate.entered.wait(10)

    def write_the_next() -> None:
        behind.before(2)
        order.append("bar 2")
        passed.set()

    writer = Thread(target=write_the_next)
    writer.start()
    assert not passed.wait(0.05)
    order.append("synced")
    gate.open.set()
    writer.join(10)
    assert order == ["synced", "bar 2"]
    behind.close()


def test_what_comes_during_a_sync_gets_one_of_its_own() -> None:
    """The running one may have begun before it was written."""
    gate = Gate()
    behind = Behind(gate)
    behind.after(1)
    behind.settle()
    assert gate.entered.wait(10)
    behind.after(1)
    behind.settle()
    assert behind.waiting == 1
    gate.open.set()
    behind.flush()
    assert gate.done == 2
    behind.close()


def test_a_bar_is_synced_once() -> None:
    """Not before its writer has passed all of it on; whoever never says so has it synced by the next bar."""
    gate = Gate()
    gate.open.set()
    behind = Behind(gate)
    for bar in (1, 2, 3):
        behind.before(bar)
        assert (gate.done, behind.waiting) == (bar - 1, None)
        behind.after(bar)
        behind.after(bar)
        assert not gate.entered.is_set()
    behind.settle()
    behind.flush()
    assert gate.done == 3
    behind.close()


@pytest.mark.parametrize("heard", ["before", "settle", "flush"])
def test_a_failure_is_heard_and_stays(heard: str) -> None:
    """Whatever is called next; there is no second sync, which would hide it."""
    gate = Gate()
    gate.error = JournalError("the disk is gone")
    gate.open.set()
    behind = Behind(gate)
    behind.after(1)
    calls = {"before": lambda: behind.before(2), "settle": behind.settle, "flush": behind.flush}
    for call in (behind.flush, calls[heard], calls[heard]):
        with pytest.raises(JournalError, match="the disk is gone"):
            call()
    behind.close()
    assert (gate.done, behind.waiting) == (0, 1)


def test_closing_ends_the_thread() -> None:
    """At once, also twice, and where it never began."""
    gate = Gate()
    gate.open.set()
    behind, idle = Behind(gate), Behind(gate)
    behind.after(1)
    behind.flush()
    for each in (behind, behind, idle):
        each.close()
    assert (gate.done, behind.waiting) == (1, None)


def test_what_waits_when_it_is_closed_is_not_waited_for() -> None:
    """Nobody would sync it."""
    gate = Gate()
    behind = Behind(gate, waiting=1)
    behind.close()
    for call in (behind.flush, lambda: behind.before(2)):
        with pytest.raises(JournalError, match="it is closed"):
            call()


def test_whatever_a_sync_fails_of_is_raised_where_it_is_waited_for() -> None:
    """Not a journal's error alone: nobody waits for ever for a thread that has ended."""

    def fail() -> None:
        raise OSError(5, "Input/output error")

    behind = Behind(fail)
    behind.after(1)
    with pytest.raises(JournalError, match="Input/output error"):
        behind.before(2)
    with pytest.raises(JournalError, match="Input/output error"):
        behind.flush()
    behind.close()
