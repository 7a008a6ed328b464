"""When a process that died is started again: back-off and budget (pure)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

SECOND = 1_000_000_000


@dataclass(slots=True)
class Restarts:
    """At most `budget` restarts within `window_ns`; each waits twice as long as the one before.

    A death more than `calm_ns` ago no longer makes the next wait longer. The window has room for a whole budget of
    lives that short with the longest waits between them: whoever dies again and again spends it, at whatever pace.
    """

    budget: int = 10
    window_ns: int = 660 * SECOND
    calm_ns: int = 60 * SECOND
    first_ns: int = SECOND // 20
    longest_ns: int = 5 * SECOND
    _deaths: deque[int] = field(default_factory=deque)

    def died(self, now_ns: int) -> int | None:
        """Take note of a death; returns how long to wait before the restart, None when the budget is spent."""
        while self._deaths and now_ns - self._deaths[0] > self.window_ns:
            self._deaths.popleft()
        self._deaths.append(now_ns)
        if len(self._deaths) > self.budget:
            return None
        recent = sum(now_ns - death <= self.calm_ns for death in self._deaths)
        return min(self.first_ns << (recent - 1), self.longest_ns)
