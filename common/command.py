"""A command to a worker: halt or resume an arm, open or close its breaker; carried out and on record, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alphabus.bus import Bus
from alphabus.codec import decode, encode
from alphabus.errors import DecodeError, RequestError
from alphabus.messages import Delivery, Reply, Request
from alphabus.sockets import Channel, Waiter, wait_on
from common.errors import CommandError

WORKER = "inference_worker"
WAIT_NS = 100_000_000
EVERY_ARM = "*"

DONE: Mapping[str, str] = {
    "halt": "is halted: it publishes void until it is resumed",
    "resume": "is resumed",
    "open": "has its breaker forced open: its executor is asked nothing until it is closed",
    "close": "has its breaker closed",
}


@dataclass(frozen=True, slots=True)
class Command:
    """A verb of `DONE` for an arm, or for `EVERY_ARM`; who gives it, and why."""

    verb: str
    arm: str
    why: str
    by: str


def carry_out(command: Command, bus: Bus, timeout_ns: int, wait: Waiter = wait_on) -> None:
    """Send it once and wait for the word that it is done; raises CommandError when it is refused, or none comes."""
    link = bus.transport.requester(bus.endpoints.asked(WORKER))
    arguments: dict[str, int | str | bytes] = {"arm": command.arm, "why": command.why, "by": command.by}
    request = Request(1, command.verb, arguments)
    try:
        link.send(encode(Delivery(bus.endpoints.topic("ask"), 0, 0, bus.clock.wall_ns(), request)))
        reply = _reply(link, request, bus, timeout_ns, wait)
    finally:
        link.close()
    if reply is None:
        raise CommandError(
            f"the worker of {bus.endpoints.instance!r} did not answer in {timeout_ns / 1e9:g} s, so whether "
            f"{command.verb!r} was carried out is unknown: see whether it runs (python -m alphabus status), and give "
            "the command again"
        )
    if reply.error is not None:
        raise CommandError(reply.error)


def _reply(link: Channel, request: Request, bus: Bus, timeout_ns: int, wait: Waiter) -> Reply | None:
    until = bus.clock.monotonic_ns() + timeout_ns
    while (left := until - bus.clock.monotonic_ns()) > 0:
        while (frames := link.receive()) is not None:
            try:
                message = decode(frames).message
            except DecodeError as error:
                raise RequestError(f"the answer is not a message: {error}") from error
            if isinstance(message, Reply) and message.id == request.id:
                return message
        wait([link.handle], min(left, WAIT_NS))
    return None
