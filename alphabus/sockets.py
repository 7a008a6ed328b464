"""Publisher, Subscriber, Requester, Responder: the four kinds of channels, and ZeroMQ behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import zmq

from alphabus.binding import not_bound
from alphabus.body import UNCOPIED
from alphabus.channels import Channel, Parts, Received, Subscription, Transport, Waiter
from alphabus.endpoints import IPC, TCP, require_own
from alphabus.errors import EndpointError
from alphabus.options import ASKED_HIGH_WATER, HIGH_WATER, Queues, set_options
from alphabus.under_way import UnderWay

READABLE = int(zmq.POLLIN)
MORE = zmq.DONTWAIT | zmq.SNDMORE

__all__ = [
    "ASKED_HIGH_WATER",
    "Channel",
    "Parts",
    "Queues",
    "Received",
    "Socket",
    "SubscriberSocket",
    "Subscription",
    "Transport",
    "Waiter",
    "ZmqTransport",
    "wait_on",
]


class Socket:
    """A ZeroMQ socket as a channel."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self._socket = socket

    def send(self, frames: Parts) -> bool:
        """Queue the frames, uncopied when large; False at the high-water mark of a requester."""
        *first, last = frames
        try:
            for frame in first:
                self._socket.send(frame, MORE, copy=len(frame) < UNCOPIED)
            self._socket.send(last, zmq.DONTWAIT, copy=len(last) < UNCOPIED)
        except zmq.Again:  # at the first frame, if at all: ZeroMQ takes a message whole
            return False
        return True

    def receive(self) -> Received | None:
        """The next message's frames, or None; the large ones are left where ZeroMQ put them.

        What a peer began and ZeroMQ never ends (two frames at a live end are enough) comes as far as it goes: whoever
        reads it refuses it.
        """
        # Most looks find nothing, and to ask first costs a third of trying in vain.
        if not int(self._socket.get(zmq.EVENTS)) & READABLE:
            return None
        found: list[bytes | memoryview] = []
        more = True
        while more and (frame := self._frame()) is not None:
            found.append(frame.buffer if len(frame) >= UNCOPIED else frame.bytes)
            more = frame.more
        return found or None

    def close(self) -> None:
        """Close with the linger the transport chose."""
        self._socket.close()

    @property
    def handle(self) -> zmq.Socket[bytes]:
        """The socket itself; ZeroMQ's poller takes it."""
        return self._socket

    def _frame(self) -> zmq.Frame | None:
        try:
            return self._socket.recv(zmq.DONTWAIT, copy=False)
        except zmq.Again:
            return None


class ResponderSocket(Socket):
    """A ZeroMQ ROUTER; what waits for one peer is bounded in bytes, whatever is known of how large a message is."""

    def __init__(self, socket: zmq.Socket[bytes], most: int) -> None:
        super().__init__(socket)
        self._under_way = UnderWay(most)

    def send(self, frames: Parts) -> bool:
        """Queue the frames; False when too much waits for this peer: it asks again."""
        *first, last = frames
        if len(last) < UNCOPIED:
            return super().send(frames)
        peer = bytes(frames[0])
        if not self._under_way.may_send(peer):
            return False
        for frame in first:
            self._socket.send(frame, MORE)
        departure = self._socket.send(last, zmq.DONTWAIT, copy=False, track=True)
        self._under_way.sent(peer, departure, len(last))
        return True


class SubscriberSocket(Socket):
    """A ZeroMQ SUB socket."""

    def subscribe(self, topic: str) -> None:
        """Add a prefix filter; the publisher learns of it a moment later."""
        self._socket.subscribe(topic.encode("ascii"))

    def unsubscribe(self, topic: str) -> None:
        """Take a prefix filter away."""
        self._socket.unsubscribe(topic.encode("ascii"))


class ZmqTransport:
    """Channels over ZeroMQ on this machine; over TCP only `alphabus.security` has them."""

    def __init__(self, high_water: int = HIGH_WATER, queues: Queues | None = None) -> None:
        """`queues` says how much may wait on each link; `high_water` alone leaves the rest at its default."""
        self._context = zmq.Context()
        self._queues = queues or Queues(high_water)

    def publisher(self, address: str) -> Channel:
        """XPUB: like PUB, and it sees who subscribes."""
        return Socket(self._bound(zmq.XPUB, address))

    def subscriber(self, address: str, topics: Sequence[str]) -> Subscription:
        """SUB with prefix filters."""
        socket = self._plain(zmq.SUB)
        for topic in topics:
            socket.subscribe(topic.encode("ascii"))
        return SubscriberSocket(self._connected(socket, address))

    def responder(self, address: str) -> Channel:
        """ROUTER: answers go to whoever asked, and never block on one who left."""
        return ResponderSocket(self._bound(zmq.ROUTER, address), self._queues.of(zmq.ROUTER).budget)

    def requester(self, address: str) -> Channel:
        """DEALER: many questions may be under way; an answer finds its question by id."""
        return Socket(self._connected(self._plain(zmq.DEALER), address))

    def close(self) -> None:
        """Close the context, and whatever a stage that failed half-way left open: that would keep us from exiting."""
        self._context.destroy()

    def _bound(self, kind: int, address: str) -> zmq.Socket[bytes]:
        socket = self._plain(kind)
        try:
            self._admit(socket, address)
            socket.bind(address)
        except (zmq.ZMQError, EndpointError) as error:
            socket.close()
            raise not_bound(address, error) from error
        return socket

    def _connected(self, socket: zmq.Socket[bytes], address: str) -> zmq.Socket[bytes]:
        try:
            self._introduce(socket, address)
            socket.connect(address)
        except (zmq.ZMQError, EndpointError) as error:
            socket.close()
            raise EndpointError(f"cannot connect to {address}: {error}") from error
        return socket

    def _admit(self, _socket: zmq.Socket[bytes], address: str) -> None:
        """Before binding: only the file system keeps others out here, so nothing that it does not guard."""
        refuse_tcp(address)

    def _introduce(self, _socket: zmq.Socket[bytes], address: str) -> None:
        """Before connecting: somebody else's socket is not the pipeline's."""
        refuse_tcp(address)
        if address.startswith(IPC):
            require_own(address)

    def _plain(self, kind: int) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        set_options(socket, kind, self._queues.of(kind))
        return socket


def refuse_tcp(address: str) -> None:
    """Raise EndpointError: over TCP anybody could be at the other end."""
    if address.startswith(TCP):
        raise EndpointError("TCP needs keys; see docs/security.md")


def wait_on(handles: Sequence[object], timeout_ns: int) -> None:
    """Wait with ZeroMQ's poll: it takes sockets and descriptors alike."""
    looked_at: list[tuple[Any, int]] = [(handle, READABLE) for handle in handles]
    zmq.zmq_poll(looked_at, -(-timeout_ns // 1_000_000))  # rounded up, or it would spin through the last millisecond
