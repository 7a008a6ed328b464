"""When records are forced to disk, and which of them are known to be there."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Sync(StrEnum):
    """When a record is forced to disk. A killed process loses nothing; a power cut loses what was not synced."""

    ALWAYS = "always"  # before `append` returns: nothing is lost
    BEHIND = "behind"  # at `settle`, or else before one of the next bar is written: those of one bar are lost
    INTERVAL = "interval"  # at the first append or `settle` after the interval: the records since then are lost
    NEVER = "never"  # when the kernel likes, or a segment is full: about half a minute is lost

    @property
    def exposes(self) -> bool:
        """Whether a record may be passed on before it is on disk."""
        return self is not Sync.ALWAYS


class Flusher:
    """Syncs when it is told to; by itself never. `waiting` is the lowest bar not known to be on disk; None: all is."""

    def __init__(self, sync: Callable[[], None], waiting: int | None = None) -> None:
        self.waiting = waiting
        self._sync = sync

    def before(self, bar: int) -> None:
        """Hear that records of `bar` are about to be written."""

    def after(self, bar: int) -> None:
        """Hear that they were."""
        self.waiting = bar if self.waiting is None else self.waiting

    def settle(self) -> None:
        """Hear that there is nothing more to write at present, and that all of it was passed on."""

    def flush(self) -> None:
        """Return when everything is on disk."""
        if self.waiting is not None:
            self._sync()
            self.waiting = None


class Always(Flusher):
    """Syncs what is written at once."""

    def after(self, bar: int) -> None:
        """Sync it."""
        super().after(bar)
        self.flush()


class Interval(Flusher):
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


class Behind(Flusher):
    """Syncs once the caller has passed its records on; before one of the next bar at the latest.

    Not in a thread: to hand a sync over, and to wait for it, costs more than a good disk takes for it.
    """

    def before(self, bar: int) -> None:
        """Sync what an earlier bar left."""
        if self.waiting is not None and self.waiting < bar:
            self.flush()

    def settle(self) -> None:
        """Sync what waits."""
        self.flush()


def make_flusher(
    policy: Sync, sync: Callable[[], None], waiting: int | None, interval_s: float, monotonic: Callable[[], float]
) -> Flusher:
    """The policy at work; `waiting` is the first bar of what was found and may be in memory only."""
    makers: dict[Sync, Callable[[], Flusher]] = {
        Sync.ALWAYS: lambda: Always(sync, waiting),
        Sync.BEHIND: lambda: Behind(sync, waiting),
        Sync.INTERVAL: lambda: Interval(sync, waiting, interval_s, monotonic),
        Sync.NEVER: lambda: Flusher(sync, waiting),
    }
    return makers[policy]()
