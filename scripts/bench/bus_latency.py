"""One way from a publisher to a subscriber in another process: ours beside bare pyzmq, in turns."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import zmq
from numpy.typing import NDArray

from alphabus.body import Body
from alphabus.clock import Clock
from alphabus.codec import encode
from alphabus.columns import FACTOR_MARKS
from alphabus.layout import layout
from alphabus.messages import Delivery, Factors, Mode
from alphabus.outbox import Outbox, Page
from alphabus.outlet import Outlet
from alphabus.sockets import wait_on
from common.errors import PipelineError
from scripts.bench.asking import exchange, running
from scripts.bench.bus_wire import WRITER, Wire
from scripts.bench.progress import Step
from scripts.bench.rows import Row
from scripts.bench.spread import Spread
from scripts.bench.subject import Shape

SHAPES = (Shape(1, 7), Shape(500, 158), Shape(5000, 158))
PROMISED = 1.5
"""Times bare pyzmq, for what is larger than a small message."""
SMALL = 1024
A_TURN = 10
WARM_UP = 3
PATIENCE_NS = 60_000_000_000
WAYS = ("ours", "bare")

Durations = dict[str, list[int]]
"""Ns of each message, by way."""


@dataclass(slots=True)
class Sender:
    """Both publishing ends, and the process that hears them."""

    wire: Wire
    outlet: Outlet
    link: zmq.Socket[bytes]
    process: subprocess.Popen[str]
    clock: Clock
    bar: int = field(default=0)

    def take_turn(self, way: str, shape: Shape, count: int) -> list[int]:
        """Send so many, each after the one before was heard; ns from handing over to in hand."""
        publish = self._ours(shape) if way == "ours" else self._bare(shape)
        self._ask({"way": way, "count": count})
        spent = []
        for _ in range(count):
            started = publish()
            heard = self._ask(None)
            if heard["bytes"] != body_bytes(shape):
                raise PipelineError(f"{heard['bytes']} bytes of {body_bytes(shape)} came {way}")
            spent.append(heard["ns"] - started)
        return spent

    def _ask(self, question: Mapping[str, Any] | None) -> dict[str, Any]:
        return exchange("the hearing process", self.process, question, "hear")

    def _ours(self, shape: Shape) -> Callable[[], int]:
        values = values_of(shape)

        def publish() -> int:
            self.bar += 1
            message = section(values, self.bar)
            started = self.clock.monotonic_ns()
            self.outlet.publish(self.wire.topic, message)
            return started

        return publish

    def _bare(self, shape: Shape) -> Callable[[], int]:
        values = values_of(shape)

        def publish() -> int:
            # Written just before, like ours.
            frames = encode(Delivery(self.wire.topic, 1, 1, self.clock.wall_ns(), section(values, 1)))
            started = self.clock.monotonic_ns()
            self.link.send_multipart(frames, copy=False)
            return started

        return publish


def values_of(shape: Shape) -> NDArray[np.float64]:
    """What is sent, f8[F, S]."""
    return np.random.default_rng(1).standard_normal((shape.features, shape.symbols))


def section(values: NDArray[np.float64], bar: int) -> Factors:
    """A section as the engine hands it over: computed into memory of its own, with its marks."""
    features, symbols = values.shape
    body = Body.blank(layout([f"factor_{number}" for number in range(features)], FACTOR_MARKS), symbols)
    body.wide[:], body.narrow[:] = values, 1
    return Factors(bytes(16), bar, Mode.REPLAY, bar, bar, bytes(32), 1.0, bytes(32), body.sealed())


def body_bytes(shape: Shape) -> int:
    """Of all columns."""
    return shape.symbols * (8 * shape.features + len(FACTOR_MARKS))


def measure_one_way(wire: Wire, messages: int, clock: Clock, step: Step) -> list[Row]:
    """So many messages of each size either way; the ways take turns, each one first as often as the other."""
    rows = []
    with sending(wire, clock) as sender:
        for shape in SHAPES:
            rows += _rows(wire, shape, _durations(sender, shape, messages, step))
    return rows


def turns_of(messages: int) -> int:
    """How many turns a way has for so many messages of one size."""
    return -(-messages // A_TURN)


def _durations(sender: Sender, shape: Shape, messages: int, step: Step) -> Durations:
    found: Durations = {way: [] for way in WAYS}
    for way in WAYS:
        sender.take_turn(way, shape, WARM_UP)
    for turn in range(turns_of(messages)):
        for way in WAYS if turn % 2 else reversed(WAYS):
            found[way] += sender.take_turn(way, shape, A_TURN)
        step()
    return found


def _rows(wire: Wire, shape: Shape, found: Durations) -> list[Row]:
    ours, bare = (Spread.of(found[way]) for way in WAYS)
    what = f"one way, {wire.name}, {shape} ({body_bytes(shape):,} B)"
    rows = []
    for name, mine, theirs in (("p50", ours.p50, bare.p50), ("p99", ours.p99, bare.p99)):
        goal = None if body_bytes(shape) < SMALL else round(PROMISED * theirs, 4)
        rows.append(Row.of(f"{what}, {name}", mine, "ms", peer="bare pyzmq", theirs=theirs, goal=goal))
    return rows


@contextmanager
def sending(wire: Wire, clock: Clock) -> Iterator[Sender]:
    """Both ends with who hears them; nothing of it is there afterwards."""
    command = [sys.executable, "-m", "scripts.bench.bus_hearer", *wire.words]
    with (
        closing(wire.transport(WRITER)) as transport,
        closing(Outlet(wire.bus(transport), WRITER, 1)) as outlet,
        zmq.Context() as context,
        wire.bare_publisher(context) as link,
        running(command) as process,
    ):
        link.linger = 0
        sender = Sender(wire, outlet, link, process, clock)
        _meet(sender)
        yield sender


def _meet(sender: Sender) -> None:
    """Answer the hearing process until it has joined both ways; a message sent earlier would be lost."""
    outlet, stdout, until = sender.outlet, sender.process.stdout, sender.clock.monotonic_ns() + PATIENCE_NS
    record, said = Outbox(0), zmq.Poller()
    said.register(stdout, zmq.POLLIN)
    while outlet.subscribers < 2 or not said.poll(0):
        if sender.process.poll() is not None or sender.clock.monotonic_ns() > until:
            break
        outlet.serve(record, lambda _: Page((), complete=True))
        wait_on([stdout, *outlet.handles], 10_000_000)
    exchange("the hearing process", sender.process, None, "join")
    if not sender.link.poll(PATIENCE_NS // 1_000_000):
        raise PipelineError("nobody subscribed to the bare socket")
    sender.link.recv()
