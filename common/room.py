"""A disk that is full: how an error tells, and what a process that waits for space knows of it."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from alphabus.clock import Clock
from common.counters import Counters
from common.errors import NoRoomError

RETRY_NS = 1_000_000_000
FULL = (errno.ENOSPC, errno.EDQUOT)
OF_DISK = (*FULL, errno.EIO, errno.EROFS)
"""What a disk refuses a write for."""
TABLE_ERROR = ("polars.exceptions", "PolarsError")
_NUMBER = re.compile(r"\(os error (\d+)\)")

Alert = Callable[..., None]
"""Level, event, and its detail by name."""


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or what it came of, says that there is no space; a restart before there is would not help."""
    while error is not None:
        if isinstance(error, NoRoomError) or (isinstance(error, OSError) and error.errno in FULL):
            return True
        error = error.__cause__
    return False


def refused_by_system(error: Exception) -> OSError | None:
    """The system's error, also where the table library has its number in the text alone; None for any other."""
    if isinstance(error, OSError) and error.errno:
        return error
    told = _NUMBER.search(str(error)) if _is_of_tables(error) else None
    return None if told is None else OSError(int(told[1]), os.strerror(int(told[1])))


def _is_of_tables(error: Exception) -> bool:
    """Whether the table library raised it: a class of its own, or the system's with a text and no number."""
    # By name: a process that has no tables is not to load the library to hear that its disk is full.
    own = any((each.__module__, each.__name__) == TABLE_ERROR for each in type(error).__mro__)
    return own or isinstance(error, OSError)


class Room:
    """What was refused for lack of space is tried again each second; both turns are told once, also as alerts."""

    def __init__(
        self, clock: Clock, log: FilteringBoundLogger, counters: Counters, alert: Alert, *, waits: bool
    ) -> None:
        """`waits` False: a full disk is an error, and ends the process."""
        self.full = False
        self._clock, self._log, self._counters, self._alert, self._waits = clock, log, counters, alert, waits
        self._again_ns = 0

    @property
    def again_ns(self) -> int:
        """Monotonic time at which what was refused is tried again."""
        return self._again_ns

    @property
    def may_try(self) -> bool:
        """Whether something may be written now."""
        return not self.full or self._clock.monotonic_ns() >= self._again_ns

    def refused(self, error: NoRoomError) -> None:
        """Hear that something did not fit; raises it where nobody is to wait."""
        if not self._waits:
            raise error
        self._again_ns = self._clock.monotonic_ns() + RETRY_NS
        if not self.full:
            self.full = True
            self._counters.add("disk_full")
            self._log.error("disk_full", error=str(error))
            self._alert("error", "disk_full", error=str(error))

    def found(self) -> None:
        """Hear that something fitted."""
        if self.full:
            self.full = False
            self._counters.add("disk_has_room")
            self._log.info("disk_has_room")
            self._alert("info", "disk_has_room")
