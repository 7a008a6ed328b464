"""Asking a process how it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from alphabus.asker import Asker
from alphabus.bus import Bus
from alphabus.messages import Alert, Heartbeat
from alphabus.sockets import Waiter, wait_on

LINKS = "links"
"""The event under which a process says how its links are."""
ARMS = "arms"
"""The event under which the worker says how its arms are."""


def waits_for_space(counters: Mapping[str, int]) -> bool:
    """Whether a process, by its counters, waits for space on its disk at present."""
    return counters.get("disk_full", 0) > counters.get("disk_has_room", 0)


@dataclass(frozen=True, slots=True)
class Status:
    """A process's heartbeat as of now, the state of its link to each process it follows, and of each arm it serves."""

    heartbeat: Heartbeat
    links: Mapping[str, str] = field(default_factory=dict)
    arms: Mapping[str, str] = field(default_factory=dict)

    @property
    def waits_for_space(self) -> bool:
        """Whether it goes on only once there is space on its disk."""
        return waits_for_space(self.heartbeat.counters)


class StatusView:
    """A link to one process that outlives its restarts."""

    def __init__(self, bus: Bus, service: str, wait: Waiter = wait_on) -> None:
        """Connect to the service."""
        self._asker = Asker(bus, service, wait)

    def ask(self, timeout_ns: int) -> Heartbeat | None:
        """The process's heartbeat as of now, None when it does not answer in time."""
        status = self.look(timeout_ns)
        return None if status is None else status.heartbeat

    def look(self, timeout_ns: int) -> Status | None:
        """The same, and its links and arms."""
        answer = self._asker.ask(timeout_ns, "status")
        said = [] if answer is None else [delivery.message for delivery in answer[1]]
        now = {each.event: each.detail for each in said if isinstance(each, Alert)}
        beats = [each for each in said if isinstance(each, Heartbeat)]
        return Status(beats[0], now.get(LINKS, {}), now.get(ARMS, {})) if beats else None

    def close(self) -> None:
        """Let go of the link."""
        self._asker.close()
