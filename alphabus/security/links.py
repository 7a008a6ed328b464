"""The connecting ends over TCP: as over ipc, and they try again where ZeroMQ gives up."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import zmq
from zmq.utils.monitor import recv_monitor_message

from alphabus.clock import Clock
from alphabus.errors import EndpointError
from alphabus.options import RECONNECT_MAX
from alphabus.security.watch import Told
from alphabus.sockets import Received, SubscriberSocket

AGAIN_NS = RECONNECT_MAX * 1_000_000
REFUSALS: Mapping[int, str] = {
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "our key is not on its allow-list",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "what listens there has another key, or does not speak ZeroMQ",
}
WATCHED = zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL


class PatientSocket(SubscriberSocket):
    """A SUB or DEALER that begins anew after a refusal, where ZeroMQ would never try again.

    The list may change by then, or the listener. What was to be sent meanwhile is lost, as on any link that is down.
    """

    def __init__(self, make: Callable[[], zmq.Socket[bytes]], address: str, clock: Clock, told: Told) -> None:
        """`make` gives a socket with our keys that is ready to be connected."""
        super().__init__(make())
        self._make, self._address, self._clock, self._told = make, address, clock, told
        self._topics: list[str] = []
        self._again_ns: int | None = None
        self._said = ""
        self._monitor = self._connect()

    def subscribe(self, topic: str) -> None:
        """Add a prefix filter; the publisher learns of it a moment later."""
        self._topics.append(topic)
        super().subscribe(topic)

    def unsubscribe(self, topic: str) -> None:
        """Take a prefix filter away."""
        self._topics.remove(topic)
        super().unsubscribe(topic)

    def receive(self) -> Received | None:
        """The next message's frames, or None."""
        self._attend()
        return super().receive()

    def close(self) -> None:
        """Close with the linger the transport chose."""
        self._monitor.close(linger=0)
        super().close()

    def _connect(self) -> zmq.Socket[bytes]:
        monitor: zmq.Socket[bytes] = self._socket.get_monitor_socket(WATCHED)
        try:
            self._socket.connect(self._address)
        except zmq.ZMQError as error:
            monitor.close(linger=0)
            self._socket.close()
            raise EndpointError(f"cannot connect to {self._address}: {error}") from error
        return monitor

    def _attend(self) -> None:
        while self._monitor.poll(0):
            self._note(REFUSALS.get(recv_monitor_message(self._monitor)["event"], ""))
        if self._again_ns is not None and self._clock.monotonic_ns() >= self._again_ns:
            self._renew()

    def _note(self, why: str) -> None:
        if why and why != self._said:  # once, not at every attempt
            self._told("link_refused", address=self._address, why=why)
        elif self._said and not why:
            self._told("link_accepted", address=self._address)
        self._said = why
        self._again_ns = self._clock.monotonic_ns() + AGAIN_NS if why else None

    def _renew(self) -> None:
        self._monitor.close(linger=0)
        self._socket.close(linger=0)
        self._socket, self._again_ns = self._make(), None
        for topic in self._topics:
            super().subscribe(topic)
        self._monitor = self._connect()
