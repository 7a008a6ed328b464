"""A stage that publishes what a script says, when the test says so, and answers as the real one would."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alphabus.bus import Bus
from alphabus.messages import Heartbeat, Request, Streamed
from alphabus.outbox import Outbox, Page
from alphabus.outlet import Outlet

BUDGET_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a script; `topic` without the instance: `signals/champion`."""

    topic: str
    message: Streamed


class ScriptedFeed:
    """Plays its lines in order through a real Outlet and can be asked for all of them again."""

    def __init__(self, bus: Bus, script: Iterable[Line] = (), *, service: str = "inference_worker") -> None:
        """Bind the service's endpoints; raises EndpointError."""
        self._bus, self._service = bus, service
        self._lines = iter(script)
        self._record = Outbox(BUDGET_BYTES)
        self._beats = 0
        self.outlet = Outlet(bus, service, epoch=1)

    def play(self, count: int = 1) -> int:
        """Publish up to `count` lines; how many there were."""
        played = 0
        while played < count and (line := next(self._lines, None)) is not None:
            self.publish(line)
            played += 1
        return played

    def publish(self, line: Line) -> None:
        """Publish a line that is not in the script."""
        topic = self._bus.endpoints.topic(*line.topic.split("/"))
        self._record.add(topic, line.message, self.outlet.publish(topic, line.message))

    def beat(self) -> None:
        """Give a sign of life."""
        self._beats += 1
        self.outlet.beat(Heartbeat(self._service, 1, bytes(16), 0, 0, {}, {"beats": self._beats}))

    def serve(self) -> None:
        """Answer `replay` with what was played; whatever else is asked gets an error."""
        self.outlet.serve(self._record, self._answer)

    def restart(self) -> None:
        """Come back as after a crash: a higher epoch, the same record."""
        self.outlet.close()
        self.outlet = Outlet(self._bus, self._service, self.outlet.epoch + 1)

    def close(self) -> None:
        """Let go of the endpoints."""
        self.outlet.close()

    def _answer(self, request: Request) -> Page:
        raise LookupError(f"a scripted feed does not answer {request.verb!r}")
