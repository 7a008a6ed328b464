"""The bare sockets between stages, and what a stage without guarantees is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import zmq

from alphabus.clock import Clock
from alphabus.codec import Frames, decode, encode
from alphabus.messages import Delivery, Message
from common.config import Config
from scripts.bench.bus_bare_disk import NoDisk

JOURNAL = b"without a record"
"""What messages say they are numbered by."""


class BareLinks:
    """What one stage publishes on and hears from; a full queue is waited for, so nothing is lost on the way."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config, self._clock, self._seqs = config, clock, count(1)
        self._context: zmq.Context[Any] = zmq.Context()
        self._out: zmq.Socket[bytes] | None = None
        self._readers = 0

    def bind(self, service: str) -> None:
        """The publishing end."""
        self._out = self._socket(zmq.XPUB)
        self._out.xpub_nodrop = True
        self._out.bind(self._config.endpoints.live(service))

    def connect(self, service: str, *topics: str) -> zmq.Socket[bytes]:
        """A hearing end."""
        link = self._socket(zmq.SUB)
        for topic in topics:
            link.subscribe(topic)
        link.connect(self._config.endpoints.live(service))
        return link

    def is_heard_by(self, readers: int) -> bool:
        """Whether so many topics were subscribed to."""
        while self._out is not None and self._out.poll(0):
            self._readers += self._out.recv()[:1] == b"\x01"
        return self._readers >= readers

    def publish(self, topic: str, message: Message) -> None:
        """Encode and send."""
        self.send(topic, message)

    def send(self, topic: str, message: Message) -> Frames:
        """Publish; what was sent."""
        frames = encode(Delivery(topic, 1, next(self._seqs), self._clock.wall_ns(), message))
        if self._out is not None:
            self._out.send_multipart(frames, copy=False)
        return frames

    def close(self) -> None:
        """What is under way is lost."""
        self._context.destroy(linger=0)

    def _socket(self, kind: int) -> zmq.Socket[bytes]:
        made: zmq.Socket[bytes] = self._context.socket(kind)
        made.set_hwm(self._config.feed.credit)
        return made


def heard(link: zmq.Socket[bytes]) -> Iterator[Delivery]:
    """Everything that is there."""
    while True:
        try:
            frames = link.recv_multipart(flags=zmq.DONTWAIT)
        except zmq.Again:
            return
        yield decode(frames)


class BareStage:
    """One process of the path."""

    def __init__(self, config: Config, clock: Clock, links: BareLinks, disk: NoDisk) -> None:
        self.config, self.clock, self.links, self.disk = config, clock, links, disk
        self.endpoints = config.endpoints

    def joined(self) -> bool:
        """Whether everybody who is to hear it does, and it can work."""
        return True

    def handles(self) -> list[object]:
        """What it waits on."""
        return []

    def turn(self) -> None:
        """Do everything that is there."""

    def close(self) -> None:
        """Let go of the sockets and the file."""
        self.links.close()
        self.disk.close()
