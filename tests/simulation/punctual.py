"""Looks on at what feed and worker say, and when: what passed while the worker stood still is not fresh afterwards."""

from __future__ import annotations

from typing import Any

from alphabus.clock import Clock
from alphabus.messages import Announcement, Message, Phase, Signals, Status
from common.service import Service

Place = tuple[bytes, int]
"""A section: its numbering and its number there."""


class Punctual:
    """`broken` lists what was said as fresh behind its deadline; without a deadline nothing is."""

    def __init__(self, clock: Clock, deadline_ns: int | None) -> None:
        self.broken: list[str] = []
        self._clock, self._deadline_ns = clock, deadline_ns
        self._due: dict[Place, int] = {}
        self._passed: set[Place] = set()

    def started(self, service: Service) -> None:
        """Hear all it publishes; a worker that comes back is measured by what it hears then."""
        publish = service.outlet.publish

        def heard(topic: str, message: Message, *content: Any) -> object:
            self.hear(message)
            return publish(topic, message, *content)

        if service.name == "inference_worker":
            self._passed.clear()
        if service.name in ("bar_feed", "inference_worker"):
            vars(service.outlet)["publish"] = heard

    def hear(self, message: Message) -> None:
        """One of them says this."""
        match message:
            case Announcement(phase=Phase.DUE):
                self._due.setdefault((message.journal, message.bar), self._clock.monotonic_ns() + message.due_in_ns)
            case Signals(status=Status.FRESH) if (message.journal, message.bar) in self._passed:
                self.broken.append(f"{message.arm}, bar {message.bar}: fresh, though its deadline passed in a stop")

    def stood_still(self) -> None:
        """The worker goes on: what is past its deadline by now is held, or was said before."""
        if self._deadline_ns is not None:
            passed = self._clock.monotonic_ns() - self._deadline_ns
            self._passed |= {place for place, due in self._due.items() if due < passed}
