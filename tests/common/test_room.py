"""A full disk: how it is told, and when it is tried again."""

from __future__ import annotations

import errno

import polars as pl
import pytest
import structlog
import structlog.testing

from alphabus.status import waits_for_space
from alphabus.testing import ManualClock
from common.counters import Counters
from common.errors import JournalError, NoRoomError
from common.room import RETRY_NS, TABLE_ERROR, Room, is_full, refused_by_system

NO_SPACE = OSError(errno.ENOSPC, "No space left on device")


def wrapped(cause: Exception) -> JournalError:
    """An error that came of another."""
    error = JournalError("cannot be opened")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (NO_SPACE, True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (NoRoomError("7 of 9 bytes were written"), True),
        (wrapped(NO_SPACE), True),
        (OSError(errno.EIO, "Input/output error"), False),
        (wrapped(OSError(errno.EIO, "Input/output error")), False),
        (JournalError("corrupt"), False),
        (None, False),
    ],
)
def test_what_means_that_there_is_no_space(error: Exception | None, *, full: bool) -> None:
    """The error itself, or what it came of; a disk that is broken is another thing."""
    assert is_full(error) is full


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (NO_SPACE, errno.ENOSPC),
        (OSError("No space left on device (os error 28)"), errno.ENOSPC),
        (pl.exceptions.ComputeError("parquet: No space left on device (os error 28)"), errno.ENOSPC),
        (pl.exceptions.ComputeError("no such column"), None),
        (OSError("no number"), None),
        (ValueError("the user's own (os error 28)"), None),
    ],
)
def test_the_system_s_number_is_read_from_the_table_library_alone(error: Exception, number: int | None) -> None:
    """In a text of anybody else it is a text."""
    refused = refused_by_system(error)
    assert (None if refused is None else refused.errno) == number
    assert (pl.exceptions.PolarsError.__module__, pl.exceptions.PolarsError.__name__) == TABLE_ERROR


def test_it_is_tried_each_second_and_told_once() -> None:
    """Two alerts a full disk, however often it was tried between."""
    clock, counters, alerts = ManualClock(), Counters(), list[tuple[str, str]]()
    with structlog.testing.capture_logs() as logged:
        room = Room(clock, structlog.get_logger(), counters, lambda *told, **_: alerts.append(told), waits=True)
        assert room.may_try
        for _ in range(3):
            room.refused(NoRoomError("full"))
            assert not room.may_try
            assert room.again_ns == clock.monotonic_ns() + RETRY_NS
            clock.advance(RETRY_NS)
            assert room.may_try
        assert waits_for_space(counters.snapshot())
        for _ in range(2):
            room.found()
    assert not waits_for_space(counters.snapshot())
    assert alerts == [("error", "disk_full"), ("info", "disk_has_room")]
    assert [row["event"] for row in logged] == ["disk_full", "disk_has_room"]


def test_who_is_not_to_wait_gets_the_error() -> None:
    """And has nothing to take back."""
    counters = Counters()
    room = Room(ManualClock(), structlog.get_logger(), counters, lambda *_, **__: None, waits=False)
    with pytest.raises(NoRoomError, match="full"):
        room.refused(NoRoomError("full"))
    assert counters.snapshot() == {}
