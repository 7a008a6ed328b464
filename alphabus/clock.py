"""Time, handed in: deadlines run on the monotonic clock, staleness on the boot clock, `sent` stamps on the wall clock.

The monotonic clock stands still while the machine is suspended, the boot clock does not: no deadline passes in a sleep
that stopped everybody, but what was heard before it is old afterwards.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What a part may know of time, in ns."""

    def monotonic_ns(self) -> int:
        """Ns since an arbitrary start; never steps."""
        ...

    def boot_ns(self) -> int:
        """Ns since an arbitrary start, time in suspend included; never steps."""
        ...

    def wall_ns(self) -> int:
        """Ns since 1970 UTC; may step."""
        ...


class SystemClock:
    """The machine's clocks."""

    def monotonic_ns(self) -> int:
        """CLOCK_MONOTONIC."""
        return time.monotonic_ns()

    def boot_ns(self) -> int:
        """CLOCK_BOOTTIME."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def wall_ns(self) -> int:
        """CLOCK_REALTIME."""
        return time.time_ns()


class ManualClock:
    """A clock that only its owner moves."""

    def __init__(self, wall_ns: int = 0) -> None:
        self._monotonic_ns = self._suspended_ns = 0
        self._wall_ns = wall_ns

    def advance(self, ns: int) -> None:
        """Let `ns` pass on all clocks."""
        if ns < 0:
            raise ValueError(f"time does not run backwards: {ns} ns")
        self._monotonic_ns += ns
        self._wall_ns += ns

    def suspend(self, ns: int) -> None:
        """The machine sleeps for `ns`: the monotonic clock stands still, the others go on."""
        self._suspended_ns += ns
        self._wall_ns += ns

    def step_wall(self, ns: int) -> None:
        """Set the wall clock forward or back; the other clocks do not notice."""
        self._wall_ns += ns

    def monotonic_ns(self) -> int:
        """Ns advanced so far."""
        return self._monotonic_ns

    def boot_ns(self) -> int:
        """Ns advanced and suspended so far."""
        return self._monotonic_ns + self._suspended_ns

    def wall_ns(self) -> int:
        """Start plus ns advanced and suspended plus steps."""
        return self._wall_ns
