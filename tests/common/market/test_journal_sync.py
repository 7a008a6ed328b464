"""Syncing behind: when all of a bar was passed on, at most one bar late, and never over a failure."""

from __future__ import annotations

import pytest

from common.errors import JournalError
from common.market.journal_sync import Behind


class Syncs:
    """Stands in for the sync of a file: counts, and fails while told to."""

    def __init__(self) -> None:
        self.done, self.fault = 0, False

    def __call__(self) -> None:
        """One sync."""
        if self.fault:
            raise JournalError("the disk is gone")
        self.done += 1


def test_the_writer_does_not_wait_for_its_own_bar() -> None:
    """A record is passed on before it is synced, and so is another of the same bar."""
    syncs = Syncs()
    behind = Behind(syncs)
    for _ in range(2):
        behind.before(1)
        behind.after(1)
        assert (syncs.done, behind.waiting) == (0, 1)
    behind.settle()
    assert (syncs.done, behind.waiting) == (1, None)


def test_the_next_bar_waits() -> None:
    """Until the one before it is on disk, though its writer never said that it was passed on."""
    syncs = Syncs()
    behind = Behind(syncs, waiting=1)
    behind.before(2)
    assert (syncs.done, behind.waiting) == (1, None)


def test_what_comes_after_a_sync_gets_one_of_its_own() -> None:
    """Also where it is of the same bar."""
    syncs = Syncs()
    behind = Behind(syncs)
    for number in (1, 2):
        behind.before(1)
        behind.after(1)
        behind.settle()
        assert (syncs.done, behind.waiting) == (number, None)


@pytest.mark.parametrize("settled", [True, False])
def test_a_bar_is_synced_once(settled: bool) -> None:  # noqa: FBT001  a case of the table
    """However many records it has, and however often it is settled."""
    syncs = Syncs()
    behind = Behind(syncs)
    for bar in (1, 2, 3):
        behind.before(bar)
        assert (syncs.done, behind.waiting) == (bar - 1, None)
        behind.after(bar)
        behind.after(bar)
        if settled:
            behind.settle()
            behind.settle()
    behind.flush()
    assert syncs.done == 3


@pytest.mark.parametrize("heard", ["before", "settle", "flush"])
def test_a_failure_is_heard_and_leaves_what_waits(heard: str) -> None:
    """Whoever it meets; nothing is called durable for it."""
    syncs = Syncs()
    syncs.fault = True
    behind = Behind(syncs)
    behind.after(1)
    calls = {"before": lambda: behind.before(2), "settle": behind.settle, "flush": behind.flush}
    with pytest.raises(JournalError, match="the disk is gone"):
        calls[heard]()
    assert (syncs.done, behind.waiting) == (0, 1)
