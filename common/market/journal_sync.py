"""When records are forced to disk, and which of them are known to be there."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from threading import Condition, Thread
from typing import Protocol

from common.errors import JournalError


class Sync(StrEnum):
    """When a record is forced to disk. A killed process loses nothing; a power cut loses what was not synced."""

    ALWAYS = "always"  # before `append` returns: nothing is lost
    BEHIND = "behind"  # by a thread from `settle` on, before one of the next bar is written: those of one bar are lost
    INTERVAL = "interval"  # at the first append or `settle` after the interval: the records since then are lost
    NEVER = "never"  # when the kernel likes, or a segment is full: about half a minute is lost

    @property
    def exposes(self) -> bool:
        """Whether a record may be passed on before it is on disk."""
        return self is not Sync.ALWAYS


class Flusher(Protocol):
    """One policy. `waiting` is the lowest bar of which a record is not known to be on disk."""

    @property
    def waiting(self) -> int | None:
        """None: everything is on disk."""

    def before(self, bar: int) -> None:
        """Hear that a record of `bar` is about to be written; may wait for earlier bars."""

    def after(self, bar: int) -> None:
        """Hear that it was."""

    def settle(self) -> None:
        """Hear that there is nothing else to do."""

    def flush(self) -> None:
        """Return when everything is on disk."""

    def close(self) -> None:
        """Stop, without another sync."""


class Direct:
    """Syncs where it is called; by itself never."""

    def __init__(self, sync: Callable[[], None], waiting: int | None = None) -> None:
        self.waiting = waiting
        self._sync = sync

    def before(self, bar: int) -> None:
        """Nothing to wait for."""

    def after(self, bar: int) -> None:
        """Note the first that waits."""
        self.waiting = bar if self.waiting is None else self.waiting

    def settle(self) -> None:
        """Nothing by itself."""

    def flush(self) -> None:
        """Sync, unless nothing waits."""
        if self.waiting is not None:
            self._sync()
            self.waiting = None

    def close(self) -> None:
        """Nothing runs."""


class Always(Direct):
    """Syncs every record."""

    def after(self, bar: int) -> None:
        """Sync at once."""
        super().after(bar)
        self.flush()


class Interval(Direct):
    """Syncs at the first call after the interval."""

    def __init__(
        self, sync: Callable[[], None], waiting: int | None, interval_s: float, monotonic: Callable[[], float]
    ) -> None:
        super().__init__(sync, waiting)
        self._interval_s, self._monotonic = interval_s, monotonic
        self._synced_at = monotonic()

    def after(self, bar: int) -> None:
        """Sync when it is time."""
        super().after(bar)
        self.settle()

    def settle(self) -> None:
        """Sync what waits when it is time."""
        if self._monotonic() - self._synced_at >= self._interval_s:
            self.flush()

    def flush(self) -> None:
        """Sync, and count the interval from here."""
        super().flush()
        self._synced_at = self._monotonic()


class Behind:
    """Syncs in a thread once the caller has passed its records on; the next bar waits for it.

    All records of a bar cost one sync, and none runs beside a write: to a file that is being synced it would wait.
    """

    def __init__(self, sync: Callable[[], None], waiting: int | None = None) -> None:
        self._sync = sync
        self._change = Condition()
        self._next = waiting  # lowest bar of what the next sync will cover
        self._running: int | None = None  # and of what the present one does
        self._wanted = False  # nobody writes any more of what waits
        self._fault: Exception | None = None
        self._stopped = False
        self._thread: Thread | None = None

    @property
    def waiting(self) -> int | None:
        """The lower of what is being synced and what waits behind it."""
        following = self._next  # read first: `_take` clears it only once the other is set
        running = self._running
        return following if running is None else running

    def before(self, bar: int) -> None:
        """Wait until every earlier bar is on disk; raises JournalError if a sync failed."""
        if self._next is not None and self._next < bar:
            self._begin()
        self._wait(lambda: self.waiting is None or self.waiting >= bar)

    def after(self, bar: int) -> None:
        """Note the first that waits."""
        with self._change:
            self._next = bar if self._next is None else self._next

    def settle(self) -> None:
        """Begin to sync what waits; raises JournalError if a sync failed."""
        if self._next is not None:
            self._begin()
        self._wait(lambda: True)

    def flush(self) -> None:
        """Wait until nothing waits: a second sync beside the thread's would hide its failure."""
        if self._next is not None:
            self._begin()
        self._wait(lambda: self.waiting is None)

    def close(self) -> None:
        """End the thread."""
        with self._change:
            self._stopped = True
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _begin(self) -> None:
        with self._change:
            self._wanted = self._next is not None
            self._change.notify_all()
        if self._thread is None and not self._stopped:
            self._thread = Thread(target=self._run, name="journal-sync", daemon=True)
            self._thread.start()

    def _wait(self, done: Callable[[], bool]) -> None:
        with self._change:
            self._change.wait_for(lambda: self._fault is not None or self._stopped or done())
            if self._fault is not None:
                raise JournalError(str(self._fault)) from self._fault
            if not done():
                raise JournalError("the journal syncs no more: it is closed")

    def _run(self) -> None:
        while self._take():
            fault: Exception | None = None
            try:
                self._sync()
            except Exception as error:  # noqa: BLE001  whoever waits raises it
                fault = error
            with self._change:
                self._fault = fault
                if fault is None:
                    self._running = None
                self._change.notify_all()

    def _take(self) -> bool:
        with self._change:
            self._change.wait_for(lambda: self._stopped or self._fault is not None or self._wanted)
            if self._stopped or self._fault is not None:
                return False
            self._running, self._next, self._wanted = self._next, None, False
            return True


def make_flusher(
    policy: Sync, sync: Callable[[], None], waiting: int | None, interval_s: float, monotonic: Callable[[], float]
) -> Flusher:
    """The policy at work; `waiting` is the first bar of what was found and may be in memory only."""
    makers: dict[Sync, Callable[[], Flusher]] = {
        Sync.ALWAYS: lambda: Always(sync, waiting),
        Sync.BEHIND: lambda: Behind(sync, waiting),
        Sync.INTERVAL: lambda: Interval(sync, waiting, interval_s, monotonic),
        Sync.NEVER: lambda: Direct(sync, waiting),
    }
    return makers[policy]()
