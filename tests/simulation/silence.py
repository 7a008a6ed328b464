"""What a trading engine's link may be while a process stands still (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.config import Policy
from tests.simulation.fate import Fate


@dataclass(frozen=True, slots=True)
class Silence:
    """Of one process, for longer than it takes to be missed."""

    fate: Fate
    who: str

    def allowed(self, bars: Sequence[int]) -> set[str]:
        """What the link may be in the end, while the feed came so far after each round.

        Feed and worker are missed. Without the engine what is due goes out as held, or is waited for. A cache fills no
        hole meanwhile, and an unpaced feed waits for it, a paced one does not. Nobody waits for the monitor.
        """
        match self.who:
            case "bar_feed" | "inference_worker":
                return {"overdue"} if self._is_awaited(bars) else {"overdue", "stale"}
            case "factor_engine" | "monitor":
                return {"current"} if self.fate.policy is Policy.DEADLINE else {"current", "overdue"}
            case _:
                return {"current", "gap"} if self.fate.policy is Policy.DEADLINE else {"current", "overdue", "gap"}

    def _is_awaited(self, bars: Sequence[int]) -> bool:
        """Whether the worker owes a section.

        Of two sections that went out the latter was announced when the former did: soon enough, it is overdue.
        """
        first, later = bars[0], bars[len(bars) // 2]
        awaited = self.who == "inference_worker" and later > max(first + 1, self.fate.history + 1)
        at_end = bars[-1] >= self.fate.history + self.fate.live  # with the last one the feed takes everything back
        return awaited and not at_end
