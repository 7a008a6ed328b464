"""What a stage has to tell before anybody can listen to it (pure)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from alphabus.messages import Alert

PATIENCE_NS: Final = 30_000_000_000
"""Who watches starts beside a stage, or long before it; what nobody wanted by then is in the stage's log."""
MAX_HELD: Final = 100


@dataclass(slots=True)
class EarlyAlerts:
    """Holds the newest alerts of a start until somebody listens, or patience ends; from then on it holds none."""

    since_ns: int
    _held: deque[Alert] | None = field(default_factory=lambda: deque(maxlen=MAX_HELD))

    def take(self, alert: Alert) -> list[Alert]:
        """One more; returns what is to be sent now."""
        if self._held is None:
            return [alert]
        self._held.append(alert)
        return []

    def end(self) -> list[Alert]:
        """Somebody listens: what was held, oldest first."""
        held, self._held = self._held, None
        return list(held or ())

    def due(self, now_ns: int) -> list[Alert]:
        """What was held, once patience has ended."""
        return self.end() if now_ns - self.since_ns >= PATIENCE_NS else []
