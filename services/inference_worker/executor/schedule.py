"""When a seat's next child is to be started, and by when one that was started must have loaded (pure)."""

from __future__ import annotations

from common.restarts import SECOND, Restarts

LOAD_NS = 60 * SECOND  # a child that is silent for so long while it loads hangs


class Schedule:
    """One child loads at a time; after each loss the next start waits longer. Times are monotonic, in ns."""

    def __init__(self) -> None:
        # A model that cannot serve must not stop the arm: it goes on, held and marked, and is tried now and then.
        self._restarts = Restarts(budget=1_000_000, longest_ns=5 * SECOND)
        self._start_at: int | None = None
        self._not_before = 0  # when the back-off after the last loss ends
        self._ready_by: int | None = None

    @property
    def wake_ns(self) -> int | None:
        """When the next child is to be started, or the present one must have loaded."""
        return self._start_at if self._start_at is not None else self._ready_by

    def is_due(self, now: int) -> bool:
        """Whether a child is to be started."""
        return self._start_at is not None and now >= self._start_at

    def is_late(self, now: int) -> bool:
        """Whether the child that loads takes too long."""
        return self._ready_by is not None and now >= self._ready_by

    def started(self, now: int) -> None:
        """A child loads from now on."""
        self._start_at, self._ready_by = None, now + LOAD_NS

    def loaded(self) -> None:
        """It is ready, or gone: nothing is awaited of it."""
        self._ready_by = None

    def lost(self, now: int) -> None:
        """A child is gone, or could not even be started."""
        self._not_before = now + (self._restarts.died(now) or 0)

    def start_soon(self, now: int) -> None:
        """One more, as soon as the back-off allows."""
        self._start_at = max(now, self._not_before)

    def start_none(self) -> None:
        """No more, for the time being."""
        self._start_at = None
