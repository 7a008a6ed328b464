"""A process of the pipeline: run, start, loop, stop.

`Service` is a base of no-op hooks; each process overrides what it needs. A hook never blocks: `run` waits on all
handles at once, and calls `turn` when something is there or a timer is due.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import ClassVar

from structlog.typing import FilteringBoundLogger

from alphabus.bus import Bus
from alphabus.messages import Acknowledge, Alert, Heartbeat, Request, Streamed
from alphabus.outbox import Outbox, Page, Record
from alphabus.outlet import Outlet
from alphabus.sockets import Waiter, wait_on
from alphabus.status import ARMS, LINKS
from common.config import MS, Config
from common.counters import Counters

LONGEST_WAIT_NS = 200 * MS


@dataclass(frozen=True, slots=True)
class Context:
    """What a service is made with."""

    config: Config
    bus: Bus
    log: FilteringBoundLogger
    counters: Counters
    epoch: int

    @property
    def state(self) -> Path:
        """Folder of the instance's state."""
        return self.config.state


class Service:
    """One process: an outlet, a heartbeat, and hooks around them."""

    name: ClassVar[str]

    def __init__(self, context: Context) -> None:
        self.context = context
        self.config, self.log, self.counters = context.config, context.log, context.counters
        self.clock, self.endpoints = context.bus.clock, context.config.endpoints
        self.outbox = Outbox(context.config.bus.outbox_mb * 1024 * 1024)
        self.outlet = Outlet(context.bus, self.name, context.epoch)
        self.journal, self.bar, self.durable = bytes(16), 0, 0
        self._beat_ns = self.clock.monotonic_ns()

    @property
    def record(self) -> Record:
        """What is sent again on request."""
        return self.outbox

    def handles(self) -> list[object]:
        """What the loop waits on, beside the outlet."""
        return []

    def wake_ns(self) -> int | None:
        """Monotonic time at which the service wants its turn though nothing came; None: no such time."""
        return None

    def turn(self) -> None:
        """Handle everything that is there; never blocks."""

    @property
    def links(self) -> Mapping[str, str]:
        """State of the link to each process that is followed: current, gap or stale."""
        return {}

    @property
    def arms(self) -> Mapping[str, str]:
        """State of each arm that is served: free, or what keeps it from its executor."""
        return {}

    def acknowledged(self, message: Acknowledge) -> None:
        """Hear that a consumer is done with something."""

    def answer(self, request: Request) -> Page:
        """Answer a verb of this service; raises LookupError for one it does not have."""
        raise LookupError(f"{self.name} does not know the verb {request.verb!r}")

    def stop(self) -> None:
        """Let go of everything but the outlet."""

    def publish(self, topic: str, message: Streamed) -> None:
        """Send a message and remember it until it is acknowledged."""
        self.outbox.add(topic, message, self.outlet.publish(topic, message))

    def run_once(self) -> None:
        """Serve, take a turn, and show a sign of life when it is time."""
        for message in self.outlet.serve(self.record, self._answer):
            self.acknowledged(message)
        self.turn()
        now = self.clock.monotonic_ns()
        if now >= self._beat_ns:
            self._beat_ns = now + self.config.bus.heartbeat_ms * MS
            self.outlet.beat(self.heartbeat())

    def heartbeat(self) -> Heartbeat:
        """How this service is; the outlet adds how its topics go on."""
        for name, count in (("evicted", self.outbox.evicted), ("questions_refused", self.outlet.refusals)):
            if count:
                self.counters.set(name, count)
        return Heartbeat(
            self.name, os.getpid(), self.journal, self.bar, self.durable, self.outlet.next, self.counters.snapshot()
        )

    def wait_ns(self) -> int:
        """How long the loop may sleep if nothing comes."""
        wake = self.wake_ns()
        wanted = self._beat_ns if wake is None else min(wake, self._beat_ns)
        return min(max(wanted - self.clock.monotonic_ns(), 0), LONGEST_WAIT_NS)

    def close(self) -> None:
        """Stop: first what reads, then what writes, so that nothing is taken that cannot be passed on."""
        self.stop()
        self.outlet.close()

    def _answer(self, request: Request) -> Page:
        return self._status() if request.verb == "status" else self.answer(request)

    def _status(self) -> Page:
        """A heartbeat, which says what only grows, and how links and arms are at this moment."""
        said = [self.outlet.frames_of(self.endpoints.topic("health", self.name), self.heartbeat())]
        topic = self.endpoints.topic("alerts", self.name)
        for event, states in ((LINKS, self.links), (ARMS, self.arms)):
            if states:
                said.append(self.outlet.frames_of(topic, Alert(self.name, "info", event, states)))
        return Page(said, complete=True)


class Stop:
    """Set by SIGTERM or SIGINT; a second one ends the process at once."""

    def __init__(self) -> None:
        self.requested = False
        # ZeroMQ's poll is resumed after a signal handler, so the handler also writes to a pipe that is polled.
        self._wakeup, write = os.pipe()
        for descriptor in (self._wakeup, write):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def fileno(self) -> int:
        """Readable once a signal came."""
        return self._wakeup

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.requested:
            os._exit(128 + number)
        self.requested = True


def run(service: Service, stop: Stop, wait: Waiter = wait_on, finished: Callable[[], bool] = lambda: False) -> None:
    """Loop until stopped, then close the service whatever happened; where its time has come it has its turn at once."""
    try:
        while not (stop.requested or finished()):
            service.run_once()
            if (wait_ns := service.wait_ns()) > 0:  # or every turn of a busy service would look twice at each handle
                wait([stop.fileno(), *service.outlet.handles, *service.handles()], wait_ns)
    finally:
        service.close()
