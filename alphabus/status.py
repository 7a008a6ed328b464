"""Asking a process how it is."""

from __future__ import annotations

from alphabus.asker import Asker
from alphabus.bus import Bus
from alphabus.messages import Heartbeat
from alphabus.sockets import Waiter, wait_on


class StatusView:
    """A link to one process that outlives its restarts."""

    def __init__(self, bus: Bus, service: str, wait: Waiter = wait_on) -> None:
        """Connect to the service."""
        self._asker = Asker(bus, service, wait)

    def ask(self, timeout_ns: int) -> Heartbeat | None:
        """The process's heartbeat as of now, None when it does not answer in time."""
        answer = self._asker.ask(timeout_ns, "status")
        beats = [] if answer is None else [delivery.message for delivery in answer[1]]
        return next((beat for beat in beats if isinstance(beat, Heartbeat)), None)

    def close(self) -> None:
        """Let go of the link."""
        self._asker.close()
