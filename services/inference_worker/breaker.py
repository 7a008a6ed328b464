"""An arm's breaker: after too many bad calls none is made for a while, then one, as a probe (pure, monotonic ns)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from services.inference_worker.actions import Told


class State(StrEnum):
    """What becomes of a section whose factors are there: scored, held, tried as a probe, held until further notice."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    FORCED_OPEN = "forced_open"


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """When it opens, and for how long; not `automatic`: only by hand, so that statuses hang on no clock."""

    automatic: bool
    failures: int
    """Bad calls in a row."""
    share: float
    """Of bad calls among the last `window`, once there were so many."""
    window: int
    slow_ns: int
    """A good answer that took longer is a bad call, too."""
    open_ns: int
    longest_open_ns: int


class Breaker:
    """Closed, open, half-open, forced open; half-open is one call long, so whoever bounds a call bounds it."""

    def __init__(self, rules: BreakerRules) -> None:
        self.state = State.CLOSED
        self._rules = rules
        self._bad: deque[bool] = deque(maxlen=rules.window)
        self._in_a_row = 0
        self._open_for = 0
        self._closed_at = self._until = 0

    @property
    def probing(self) -> bool:
        """Whether the call under way decides."""
        return self.state is State.HALF_OPEN

    def refuses(self, now: int) -> bool:
        """Whether no call may be made at this moment."""
        return self.state is State.FORCED_OPEN or (self.state is State.OPEN and now < self._until)

    def admit(self, now: int) -> list[Told]:
        """A call is made, which was not refused; the first one after a while of none is a probe."""
        return self._become(State.HALF_OPEN, now, "probe") if self.state is State.OPEN else []

    def ended(self, now: int, trouble: str = "") -> list[Told]:
        """A call ended, well or in `trouble`; what was admitted before the breaker opened decides nothing."""
        if self.state is State.HALF_OPEN:
            return self._open(now, trouble) if trouble else self._become(State.CLOSED, now, "probe_answered")
        if self.state is State.CLOSED and self._rules.automatic:
            self._bad.append(bool(trouble))
            self._in_a_row = self._in_a_row + 1 if trouble else 0
            return self._open(now, trouble) if trouble and self._is_too_bad else []
        return []

    def force(self, now: int) -> list[Told]:
        """Open until it is closed by hand."""
        return [] if self.state is State.FORCED_OPEN else self._become(State.FORCED_OPEN, now, "by_hand")

    def close(self, now: int, why: str = "by_hand") -> list[Told]:
        """Close, however it was opened, and forget what led there."""
        self._open_for = 0
        return [] if self.state is State.CLOSED else self._become(State.CLOSED, now, why)

    def renew(self, now: int, why: str = "another_model") -> list[Told]:
        """Another model serves, or the same has another chance: what was counts no more; only what was forced stays."""
        return [] if self.state is State.FORCED_OPEN else self.close(now, why)

    @property
    def _is_too_bad(self) -> bool:
        full = len(self._bad) == self._rules.window
        return self._in_a_row >= self._rules.failures or (full and sum(self._bad) >= self._rules.share * len(self._bad))

    def _open(self, now: int, why: str) -> list[Told]:
        """Twice as long as the last time, unless it has been well since for at least as long as it was open then."""
        was_well = self.state is State.CLOSED and now - self._closed_at >= self._open_for
        longer = self._rules.open_ns if was_well or not self._open_for else 2 * self._open_for
        self._open_for = min(longer, self._rules.longest_open_ns)
        self._until = now + self._open_for
        return self._become(State.OPEN, now, why)

    def _become(self, state: State, now: int, why: str) -> list[Told]:
        before, self.state = self.state, state
        if state is State.CLOSED:
            self._closed_at, self._in_a_row = now, 0
            self._bad.clear()
        detail: dict[str, str | int] = {"before": before.value, "why": why}
        if state is State.OPEN:
            detail["open_ms"] = self._open_for // 1_000_000
        return [Told("warning", f"breaker_{state}", detail)]
