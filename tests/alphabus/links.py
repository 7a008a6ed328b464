"""A stage and its reader on a link, over the memory bus or over ZeroMQ, and a way to let time pass on either."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alphabus.bus import Bus
from alphabus.clock import ManualClock, SystemClock
from alphabus.endpoints import Endpoints
from alphabus.errors import DecodeError
from alphabus.inlet import Inlet
from alphabus.messages import Acknowledge, EndOfStream, Heartbeat, Mode, Request, Signals, Streamed
from alphabus.outbox import Outbox, Page
from alphabus.outlet import Outlet
from alphabus.sockets import Received, ZmqTransport, wait_on
from alphabus.testing import MemoryTransport, Mischief, signals, universe

SERVICE = "inference_worker"
PATIENCE_S = 30.0  # only a broken link takes that long
STEP_NS = 50_000_000
SYMBOLS = ("A", "B")


@dataclass(slots=True)
class Wire:
    """A bus and how to wait on it; `refusals` are the reasons heard so far."""

    bus: Bus
    refusals: list[tuple[str, str]] = field(default_factory=list)

    def until(self, done: Callable[[], bool], turn: Callable[[], object], handles: Callable[[], list[object]]) -> None:
        """Take turns until done; a manual clock is advanced, a real one waited on."""
        give_up = time.monotonic() + PATIENCE_S
        turn()
        while not done():
            assert time.monotonic() < give_up, "it did not come in time"
            if isinstance(self.bus.clock, ManualClock):
                self.bus.clock.advance(STEP_NS)
            else:
                wait_on(handles(), STEP_NS)
            turn()


@contextmanager
def wire(kind: str, high_water: int = 256, mischief: Mischief | None = None) -> Iterator[Wire]:
    """A bus of this kind in a folder with a short path, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="ab"))
    refusals: list[tuple[str, str]] = []

    def refused(link: str, error: DecodeError, _frames: Received) -> None:
        refusals.append((link, error.reason))

    endpoints = Endpoints(folder, "t")
    endpoints.make_folder()
    try:
        if kind == "memory":
            yield Wire(Bus(endpoints, MemoryTransport(high_water, mischief), ManualClock(), refused), refusals)
        else:
            transport = ZmqTransport(high_water)
            try:
                yield Wire(Bus(endpoints, transport, SystemClock(), refused), refusals)
            except BaseException:  # a test that failed leaves sockets open, and closing would wait for them
                transport._context.destroy(linger=0)
                raise
            transport.close()
    finally:
        shutil.rmtree(folder)


@dataclass(slots=True)
class Stage:
    """Publishes numbered sections, beats at every turn, and answers from its record."""

    wire: Wire
    outlet: Outlet
    outbox: Outbox = field(default_factory=lambda: Outbox(1 << 30))
    topic: str = "t/signals/champion/"
    bar: int = 0
    heard: list[Acknowledge] = field(default_factory=list)

    @classmethod
    def start(cls, wire: Wire) -> Stage:
        """The first of its epochs."""
        return cls(wire, Outlet(wire.bus, SERVICE, epoch=1))

    def publish(self, count: int = 1) -> None:
        """The next sections, the universe before the first."""
        for _ in range(count):
            self.bar += 1
            if self.bar == 1:
                self.send(universe(SYMBOLS))
            self.send(signals(self.bar, dict.fromkeys(SYMBOLS, float(self.bar))))

    def send(self, message: Streamed) -> None:
        """Publish and put on record."""
        self.outbox.add(self.topic, message, self.outlet.publish(self.topic, message))

    def end(self) -> None:
        """Nothing follows."""
        self.send(EndOfStream(bytes(16), self.bar, Mode.LIVE))

    def restart(self) -> None:
        """A new process with the same record."""
        self.outlet.close()
        self.outlet = Outlet(self.wire.bus, SERVICE, self.outlet.epoch + 1)

    def turn(self) -> None:
        """What a service does when it wakes up."""
        self.outlet.beat(Heartbeat(SERVICE, 1, bytes(16), self.bar, 0, {}, {}))
        self.heard += self.outlet.serve(self.outbox, self.answer)

    def answer(self, request: Request) -> Page:
        """`latest` is known, `newline` is an error with a line break, `number` one of another type."""
        match request.verb:
            case "latest":
                return Page([self.outlet.frames_of(self.topic, signals(self.bar, {"A": 1.0}))], complete=True)
            case "newline":
                raise ValueError("first line\nsecond line")
        raise LookupError(f"no verb {request.verb!r}")


@dataclass(slots=True)
class Reader:
    """Keeps the bars of what its inlet lets through."""

    wire: Wire
    inlet: Inlet
    bars: list[int] = field(default_factory=list)
    ended: bool = False

    @classmethod
    def start(cls, stage: Stage) -> Reader:
        """Connect to the stage."""
        return cls(stage.wire, Inlet(stage.wire.bus, "reader", SERVICE, [stage.topic]))

    def turn(self) -> None:
        """What a service does when it wakes up."""
        for delivery in self.inlet.receive():
            if isinstance(delivery.message, Signals):
                self.bars.append(delivery.message.bar)
            self.ended = self.ended or isinstance(delivery.message, EndOfStream)
        self.inlet.repeat()

    def until(self, done: Callable[[], bool], stage: Stage | None = None) -> None:
        """Take turns with the stage until done."""

        def turn() -> None:
            if stage is not None:
                stage.turn()
            self.turn()

        def handles() -> list[object]:
            return [*self.inlet.handles, *(stage.outlet.handles if stage else [])]

        self.wire.until(done, turn, handles)


@contextmanager
def linked(kind: str, high_water: int = 256, mischief: Mischief | None = None) -> Iterator[tuple[Stage, Reader]]:
    """A stage, and a reader that is already sure of it."""
    with wire(kind, high_water, mischief) as made:
        stage = Stage.start(made)
        reader = Reader.start(stage)
        reader.until(lambda: not reader.inlet.behind, stage)
        try:
            yield stage, reader
        finally:
            reader.inlet.close()
            stage.outlet.close()
