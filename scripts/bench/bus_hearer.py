"""The hearing end in a process of its own: says when each message was in its hands, by a clock all processes share.

`python -m scripts.bench.bus_hearer WIRE...`; each line on standard input names a way and a number of messages.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import closing

import zmq

from alphabus.clock import Clock, SystemClock
from alphabus.inlet import Inlet
from alphabus.messages import Factors
from alphabus.sockets import wait_on
from common.allocator import keep_freed_memory
from common.errors import PipelineError
from scripts.bench.bus_gate import say
from scripts.bench.bus_wire import READER, WRITER, Wire

PATIENCE_MS = 60_000
LOOK_NS = 100_000_000

Heard = tuple[int, int]
"""When (ns), and of how many bytes the columns were."""


def main(words: list[str]) -> None:
    """Join both ways, say so, then hear what is announced."""
    keep_freed_memory()  # as every stage does
    wire, clock = Wire.of(words), SystemClock()
    with (
        closing(wire.transport(READER)) as transport,
        closing(Inlet(wire.bus(transport), READER, WRITER, [wire.topic])) as inlet,
        zmq.Context() as context,
        wire.bare_subscriber(context) as bare,
    ):
        bare.rcvtimeo, bare.linger = PATIENCE_MS, 0
        while inlet.behind:
            inlet.receive()
            wait_on(inlet.handles, LOOK_NS)
        say({})
        listen({"ours": lambda: hear_ours(inlet, clock), "bare": lambda: hear_bare(bare, clock)})


def listen(ways: Mapping[str, Callable[[], Heard]]) -> None:
    """One line in: which way, and how often; one line out before the first message, and one after each."""
    for line in sys.stdin:
        turn = json.loads(line)
        say({})
        for _ in range(turn["count"]):
            ns, size = ways[turn["way"]]()
            say({"ns": ns, "bytes": size})


def hear_ours(inlet: Inlet, clock: Clock) -> Heard:
    """As a stage hears: waiting by poll, decoded, in order, nothing lost."""
    until = clock.monotonic_ns() + PATIENCE_MS * 1_000_000
    while not (found := inlet.receive()):
        if clock.monotonic_ns() > until:
            raise PipelineError("nothing came for a minute")
        wait_on(inlet.handles, 1_000_000_000)
    ns = clock.monotonic_ns()
    (delivery,) = found
    if not isinstance(delivery.message, Factors):
        raise PipelineError(f"a message of kind {delivery.message.kind} came where factors were published")
    return ns, sum(column.nbytes for column in delivery.message.columns.values())


def hear_bare(link: zmq.Socket[bytes], clock: Clock) -> Heard:
    """As pyzmq is fastest: waiting in the call, uncopied."""
    frames = link.recv_multipart(copy=False)
    return clock.monotonic_ns(), len(frames[2])


if __name__ == "__main__":
    main(sys.argv[1:])
