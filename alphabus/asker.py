"""One question at a time to one process, and its answer: for who wants nothing of the live stream."""

from __future__ import annotations

from alphabus.bus import Bus
from alphabus.codec import decode, encode
from alphabus.errors import DecodeError, RequestError
from alphabus.messages import Delivery, Reply, Request
from alphabus.sockets import Received, Waiter, wait_on

WAIT_NS = 100_000_000

Answered = tuple[Reply, list[Delivery]]


class Asker:
    """A link to a process's asked end that outlives its restarts; what comes of an older question is dropped."""

    def __init__(self, bus: Bus, service: str, wait: Waiter = wait_on) -> None:
        """Connect to the service."""
        self._link = bus.transport.requester(bus.endpoints.asked(service))
        self._topic = bus.endpoints.topic("ask")
        self._clock, self._wait = bus.clock, wait
        self._id = 0

    def ask(self, timeout_ns: int, verb: str, **arguments: int | str | bytes) -> Answered | None:
        """Ask once; the reply and what came with it, None when it is not there in time. RequestError for nonsense."""
        self._id += 1
        until = self._clock.monotonic_ns() + timeout_ns
        request = Request(self._id, verb, arguments)
        self._link.send(encode(Delivery(self._topic, 0, 0, self._clock.wall_ns(), request)))
        opened: Answered | None = None
        while (left := until - self._clock.monotonic_ns()) > 0:
            while (frames := self._link.receive()) is not None:
                opened = self._read(frames, opened)
                if opened is not None and len(opened[1]) >= opened[0].count:
                    return opened
            self._wait([self._link.handle], min(left, WAIT_NS))
        return None

    def close(self) -> None:
        """Let go of the link."""
        self._link.close()

    def _read(self, frames: Received, opened: Answered | None) -> Answered | None:
        """The answer as far as it has come; it begins with the reply to our newest question."""
        try:
            delivery = decode(frames)
        except DecodeError as error:
            raise RequestError(f"the answer is not a message: {error}") from error
        message = delivery.message
        if isinstance(message, Reply):
            return (message, []) if message.id == self._id else None
        if opened is not None:
            opened[1].append(delivery)
        return opened
