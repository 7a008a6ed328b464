"""When the next section may go out (pure)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Pacing:
    """A fixed time from section to section, or, unpaced, at most `credit` sections ahead of the slowest consumer."""

    pace_ns: int | None
    credit: int
    _due_ns: int | None = None

    def due_in_ns(self, now_ns: int) -> int:
        """How long until the next section is due; 0 when it is already."""
        return 0 if self.pace_ns is None or self._due_ns is None else max(self._due_ns - now_ns, 0)

    def sent(self, now_ns: int) -> None:
        """Take note that a section went out; the next is due a pace after this one was, not after it was sent."""
        if self.pace_ns is not None:
            self._due_ns = max((now_ns if self._due_ns is None else self._due_ns) + self.pace_ns, now_ns)

    def may_send(self, now_ns: int, ahead: int, *, paced: bool) -> bool:
        """Whether the next section may go; history is never paced, a paced section never waits for credit."""
        if paced and self.pace_ns is not None:
            return self.due_in_ns(now_ns) == 0
        return ahead < self.credit
