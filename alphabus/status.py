"""Asking a process how it is."""

from __future__ import annotations

from alphabus.bus import Bus
from alphabus.inlet import Inlet
from alphabus.messages import Heartbeat
from alphabus.sockets import Waiter, wait_on

WAIT_NS = 100_000_000


class StatusView:
    """A link to one process that outlives its restarts."""

    def __init__(self, bus: Bus, service: str, wait: Waiter = wait_on) -> None:
        """Connect to the service."""
        self._inlet = Inlet(bus, "status", service, [])
        self._clock, self._wait = bus.clock, wait

    def ask(self, timeout_ns: int) -> Heartbeat | None:
        """The process's heartbeat as of now, None when it does not answer in time."""
        until = self._clock.monotonic_ns() + timeout_ns
        question = self._inlet.request("status")
        while (answer := self._inlet.answer(question)) is None:
            if self._clock.monotonic_ns() >= until:
                return None
            self._wait(self._inlet.handles, WAIT_NS)
            self._inlet.receive()
        beats = [delivery.message for delivery in answer[1] if isinstance(delivery.message, Heartbeat)]
        return beats[0] if beats else None

    def close(self) -> None:
        """Let go of the link."""
        self._inlet.close()
