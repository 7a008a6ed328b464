"""Publisher, Subscriber, Requester, Responder: the few ZeroMQ options, each explained once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import zmq

from alphabus.codec import MAX_BODY
from alphabus.errors import EndpointError

Parts = Sequence[bytes]

ASKED_HIGH_WATER = 4096  # messages: a page of the record for each of some fifteen topics


class Channel(Protocol):
    """One end of a link: frames go and come, and nothing ever blocks."""

    def send(self, frames: Parts) -> bool:
        """False when the queue is full and the frames were not taken."""
        ...

    def receive(self) -> list[bytes] | None:
        """The next message's frames, or None."""
        ...

    def close(self) -> None:
        """Let go of the link; what is queued has a moment to leave."""
        ...

    @property
    def handle(self) -> Any:
        """What a poller waits on."""
        ...


class Transport(Protocol):
    """Makes the four kinds of channels."""

    def publisher(self, address: str) -> Channel:
        """Bind the live end of a stage."""
        ...

    def subscriber(self, address: str, topics: Sequence[str]) -> Channel:
        """Connect to a stage's live end."""
        ...

    def responder(self, address: str) -> Channel:
        """Bind the asked end; frames carry the peer's identity first."""
        ...

    def requester(self, address: str) -> Channel:
        """Connect to a stage's asked end."""
        ...


class Socket:
    """A ZeroMQ socket as a channel."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self._socket = socket

    def send(self, frames: Parts) -> bool:
        """Queue the frames, uncopied when large; False at the high-water mark of a requester."""
        try:
            self._socket.send_multipart(list(frames), flags=zmq.DONTWAIT, copy=False)
        except zmq.Again:
            return False
        return True

    def receive(self) -> list[bytes] | None:
        """The next message's frames, or None."""
        try:
            return self._socket.recv_multipart(flags=zmq.DONTWAIT)
        except zmq.Again:
            return None

    def close(self) -> None:
        """Close with the linger the transport chose."""
        self._socket.close()

    @property
    def handle(self) -> zmq.Socket[bytes]:
        """The socket itself; ZeroMQ's poller takes it."""
        return self._socket


class ZmqTransport:
    """Channels over ZeroMQ; `high_water` messages may wait on each link before a publisher drops."""

    def __init__(self, high_water: int = 256) -> None:
        self._context = zmq.Context()
        self._high_water = high_water

    def publisher(self, address: str) -> Socket:
        """XPUB: like PUB, and it sees who subscribes."""
        return self._bound(zmq.XPUB, address)

    def subscriber(self, address: str, topics: Sequence[str]) -> Socket:
        """SUB with prefix filters."""
        socket = self._plain(zmq.SUB)
        for topic in topics:
            socket.subscribe(topic.encode("ascii"))
        socket.connect(address)
        return Socket(socket)

    def responder(self, address: str) -> Socket:
        """ROUTER: answers go to whoever asked, and never block on one who left."""
        return self._bound(zmq.ROUTER, address)

    def requester(self, address: str) -> Socket:
        """DEALER: many questions may be under way; an answer finds its question by id."""
        socket = self._plain(zmq.DEALER)
        socket.connect(address)
        return Socket(socket)

    def close(self) -> None:
        """Close the context, and whatever a stage that failed half-way left open: that would keep us from exiting."""
        self._context.destroy()

    def _bound(self, kind: int, address: str) -> Socket:
        socket = self._plain(kind)
        try:
            socket.bind(address)
        except zmq.ZMQError as error:
            socket.close()
            raise EndpointError(f"cannot bind {address}: {error}") from error
        return Socket(socket)

    def _plain(self, kind: int) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        # Finite queues: a stuck reader must cost bounded memory; what is dropped is noticed by seq and asked for again.
        # At the asked ends a page must fit whole: what is dropped of it would be asked for, and dropped, again.
        asked = kind in (zmq.ROUTER, zmq.DEALER)
        socket.sndhwm = socket.rcvhwm = max(self._high_water, ASKED_HIGH_WATER) if asked else self._high_water
        # A peer that died must not keep us from exiting; one that lives gets what is queued.
        socket.linger = 500
        # A frame that could not be a message is refused before it is buffered.
        socket.maxmsgsize = MAX_BODY
        # A half-open link is noticed by the protocol itself.
        socket.heartbeat_ivl, socket.heartbeat_timeout = 1000, 3000
        # A restarted peer is found quickly, an absent one costs little.
        socket.reconnect_ivl, socket.reconnect_ivl_max = 20, 500
        return socket


class Waiter(Protocol):
    """Sleeps until a handle is ready."""

    def __call__(self, handles: Sequence[object], timeout_ns: int) -> None:
        """Return when one of `handles` is ready, or after `timeout_ns`."""
        ...


def wait_on(handles: Sequence[object], timeout_ns: int) -> None:
    """Wait with ZeroMQ's poller: it takes sockets and descriptors alike."""
    poller = zmq.Poller()
    for handle in handles:
        poller.register(handle, zmq.POLLIN)
    poller.poll(-(-timeout_ns // 1_000_000))  # rounded up, or it would spin through the last millisecond
