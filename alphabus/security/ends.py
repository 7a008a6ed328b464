"""The bound ends over TCP: as over ipc, and each subscription and question is held against its sender's role."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import zmq

from alphabus.binding import not_bound
from alphabus.clock import Clock
from alphabus.security.gate import Denial, Gate
from alphabus.security.subscriptions import Subscriptions
from alphabus.security.watch import Told, Watch
from alphabus.sockets import Socket

MAX_RUN = 1024  # messages in a row; then the stage has its turn, whoever floods it


class Guards(NamedTuple):
    """What both ends are guarded with."""

    watch: Watch
    gate: Gate
    clock: Clock
    told: Told

    def tell(self, denial: Denial) -> None:
        """Of a peer that may not do what it tried."""
        self.told("peer_denied", peer=denial.peer, why=denial.why)


class GuardedResponder(Socket):
    """A ROUTER that answers for the stage where a role does not allow a question."""

    def __init__(self, socket: zmq.Socket[bytes], guards: Guards) -> None:
        super().__init__(socket)
        self._guards, self._run = guards, 0

    def receive(self) -> list[bytes] | None:
        """The next message that its sender may send, or None."""
        self._guards.watch.attend()
        while self._run < MAX_RUN and (frames := _received(self._socket)) is not None:
            self._run += 1
            parts = [frame.bytes for frame in frames]
            denial = self._guards.gate.message(_user(frames[-1]) or "", parts[1:], self._guards.clock.wall_ns())
            if denial is None:
                return parts
            self._guards.tell(denial)
            if denial.reply is not None:
                self.send([parts[0], *denial.reply])
        self._run = 0
        return None


class GuardedPublisher(Socket):
    """An XPUB that grants each subscription itself; it binds anew to be rid of peers, and all others come back.

    ZeroMQ cannot show one peer the door. Binding anew costs the others a reconnect, after which they ask for what they
    missed, as after any loss.
    """

    def __init__(self, make: Callable[[], zmq.Socket[bytes]], address: str, guards: Guards) -> None:
        """`make` gives a socket that is ready to be bound; raises EndpointError when it cannot be."""
        super().__init__(make())
        self._make, self._address, self._guards = make, address, guards
        self._subscriptions = Subscriptions()
        self._listed = set(guards.gate.allowed.by_public())
        self._is_bound = False
        self._bind()

    def receive(self) -> list[bytes] | None:
        """The next subscription or its end (first byte 1 or 0) that was granted, or None."""
        self._guards.watch.attend()
        self._drop_unlisted()
        if not self._is_bound:
            self._bind(again=True)
        for _ in range(MAX_RUN):
            if (frames := _received(self._socket)) is None:
                return None
            if self._takes(frames[0]):
                return [frames[0].bytes]
        return None

    def _takes(self, frame: zmq.Frame) -> bool:
        content, public = frame.bytes, _user(frame)
        subscribes, topic = content[:1] == b"\x01", content[1:]
        if not subscribes:
            self._subscriptions.remove(public, topic)
            if public is not None:  # of a connection that ended ZeroMQ takes them away itself
                self._socket.setsockopt(zmq.UNSUBSCRIBE, topic)
            return True
        within = self._subscriptions.add(public or "", topic)
        if not within:
            self._ban(public or "")
            return False
        denial = self._guards.gate.subscription(public or "", topic)
        if denial is not None:
            self._guards.tell(denial)
            return False
        self._socket.setsockopt(zmq.SUBSCRIBE, topic)
        return True

    def _ban(self, public: str) -> None:
        self._guards.watch.banned.add(public)
        peer = self._guards.gate.allowed.peer(public)
        self._guards.told("peer_banned", peer=peer.name if peer else public)
        self._renew()

    def _drop_unlisted(self) -> None:
        allowed = self._guards.gate.allowed
        listed = set(allowed.by_public())
        gone, self._listed = self._listed - listed, listed
        if gone:
            self._renew()

    def _renew(self) -> None:
        self._socket.close(linger=0)
        self._socket, self._is_bound = self._make(), False
        self._subscriptions = Subscriptions()
        self._bind(again=True)

    def _bind(self, *, again: bool = False) -> None:
        try:
            self._socket.bind(self._address)
        except zmq.ZMQError as error:
            if again and error.errno == zmq.EADDRINUSE:  # the old socket lets go of it in a moment: the next turn tries
                return
            self._socket.close()
            raise not_bound(self._address, error) from error
        self._is_bound = True


def _received(socket: zmq.Socket[bytes]) -> list[zmq.Frame] | None:
    try:
        return socket.recv_multipart(flags=zmq.DONTWAIT, copy=False)
    except zmq.Again:
        return None


def _user(frame: zmq.Frame) -> str | None:
    """Public key of who sent it; None when ZeroMQ itself did."""
    try:
        return str(frame.get("User-Id"))
    except zmq.ZMQError:
        return None
