"""The memory bus: ZeroMQ's behaviour as far as it matters, in one process and without its threads.

Like ZeroMQ: a subscriber misses what was sent before it joined; a full queue loses messages without an error (a
requester alone is told); a second bind takes an address over; whoever was connected to a closed end meets the next one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from alphabus.bus import Bus
from alphabus.clock import Clock, ManualClock
from alphabus.endpoints import Endpoints
from alphabus.errors import EndpointError
from alphabus.sockets import ASKED_HIGH_WATER, Parts, Received, Transport
from alphabus.testing.inbox import Inbox
from alphabus.testing.mischief import Calm, End, Link, Mischief


def memory_bus(instance: str = "test", *, transport: Transport | None = None, clock: Clock | None = None) -> Bus:
    """A bus of its own for a test: memory and a manual clock unless handed in."""
    return Bus(Endpoints(Path("/memory"), instance), transport or MemoryTransport(), clock or ManualClock())


@dataclass(slots=True)
class _Place:
    """An address: who is bound there (the last one takes new peers) and who waits for somebody to bind."""

    bound: list[_Bound] = field(default_factory=list)
    waiting: list[_Connected] = field(default_factory=list)
    connected: int = 0


class _Channel:
    asked: ClassVar[bool] = False

    def __init__(self, transport: MemoryTransport, address: str) -> None:
        self.address, self.closed = address, False
        self.inbox = Inbox(transport.asked_high_water if self.asked else transport.high_water)
        self.place = transport.place(address)
        self._mischief = transport.mischief

    @property
    def handle(self) -> int:
        """A descriptor that is readable while a message waits."""
        return self.inbox.descriptor

    def receive(self) -> Received | None:
        """The next message's frames, or None."""
        return self.inbox.get()

    def close(self) -> None:
        """Let go of the link; what was sent has arrived already."""
        if not self.closed:
            self.closed = True
            self._leave()
            self.inbox.close()

    def _leave(self) -> None:
        raise NotImplementedError

    def _carry(self, end: End, peer: int, frames: Parts, inbox: Inbox) -> None:
        if self.closed:
            raise EndpointError(f"{self.address} was closed at this end")
        for arriving in self._mischief.through(Link(end, self.address, peer), frames):
            inbox.put(arriving)


class _Bound(_Channel):
    def __init__(self, transport: MemoryTransport, address: str) -> None:
        super().__init__(transport, address)
        self.peers: dict[int, _Connected] = {}
        self.place.bound.append(self)
        waiting, self.place.waiting = self.place.waiting, []
        for peer in waiting:
            peer.meet(self)

    def _leave(self) -> None:
        self.place.bound.remove(self)
        peers, self.peers = self.peers, {}
        for peer in peers.values():
            peer.meet(self.place.bound[-1] if self.place.bound else None)


class _Connected(_Channel):
    def __init__(self, transport: MemoryTransport, address: str) -> None:
        super().__init__(transport, address)
        self.place.connected += 1
        self.number = self.place.connected
        self.peer: _Bound | None = None

    @property
    def identity(self) -> bytes:
        """What a responder sees as the first frame."""
        return b"\x00" + self.number.to_bytes(4, "little")

    def meet(self, peer: _Bound | None) -> None:
        """Go on with this end, or wait for one."""
        self.peer = peer
        if peer is None:
            self.place.waiting.append(self)
        else:
            peer.peers[self.number] = self

    def _leave(self) -> None:
        if self.peer is None:
            self.place.waiting.remove(self)
        else:
            del self.peer.peers[self.number]


class _Publisher(_Bound):
    def __init__(self, transport: MemoryTransport, address: str) -> None:
        self.topics: dict[bytes, int] = {}
        super().__init__(transport, address)

    def send(self, frames: Parts) -> bool:
        """Always taken; a subscriber whose queue is full does not get it."""
        for peer in tuple(self.peers.values()):
            if isinstance(peer, _Subscriber) and bytes(frames[0]).startswith(peer.topics):
                self._carry("live", peer.number, frames, peer.inbox)
        return True

    def subscribed(self, topic: bytes, change: int) -> None:
        """Count; like XPUB, only the first and the last subscriber of a topic are told of."""
        before = self.topics.get(topic, 0)
        self.topics[topic] = before + change
        if 0 in (before, before + change) and not self.closed:
            self.inbox.put([(b"\x01" if change > 0 else b"\x00") + topic])


class _Subscriber(_Connected):
    def __init__(self, transport: MemoryTransport, address: str, topics: tuple[bytes, ...]) -> None:
        super().__init__(transport, address)
        self.topics = topics
        self.meet(self.place.bound[-1] if self.place.bound else None)

    def send(self, frames: Parts) -> bool:
        """Never: a subscriber only listens."""
        raise EndpointError(f"{self.address}: a subscriber cannot send {len(frames)} frames")

    def subscribe(self, topic: str) -> None:
        """Hear what is published below this prefix from now on."""
        added = topic.encode("ascii")
        self.topics += (added,)
        self._tell(1, (added,))

    def unsubscribe(self, topic: str) -> None:
        """Hear no more of it."""
        gone = topic.encode("ascii")
        if gone in self.topics:
            self.topics = tuple(kept for kept in self.topics if kept != gone)
            self._tell(-1, (gone,))

    def meet(self, peer: _Bound | None) -> None:
        """Join, and let the publisher know what is wanted."""
        super().meet(peer)
        self._tell(1, self.topics)

    def _leave(self) -> None:
        super()._leave()
        self._tell(-1, self.topics)

    def _tell(self, change: int, topics: tuple[bytes, ...]) -> None:
        if isinstance(self.peer, _Publisher):
            for topic in topics:
                self.peer.subscribed(topic, change)


class _Responder(_Bound):
    asked: ClassVar[bool] = True

    def send(self, frames: Parts) -> bool:
        """Always taken; lost when the peer it names has left or its queue is full."""
        identity, *parts = frames
        for peer in self.peers.values():
            if peer.identity == identity:
                self._carry("answer", peer.number, parts, peer.inbox)
        return True


class _Requester(_Connected):
    asked: ClassVar[bool] = True

    def __init__(self, transport: MemoryTransport, address: str) -> None:
        super().__init__(transport, address)
        self._unsent: deque[Parts] = deque()
        self._limit = transport.asked_high_water
        self.meet(self.place.bound[-1] if self.place.bound else None)

    def send(self, frames: Parts) -> bool:
        """Queued until somebody binds; False when the queue is full."""
        if self.peer is None:
            if len(self._unsent) >= self._limit:
                return False
            self._unsent.append(frames)
            return True
        if self.peer.inbox.full:
            return False
        self._carry("request", self.number, [self.identity, *frames], self.peer.inbox)
        return True

    def meet(self, peer: _Bound | None) -> None:
        """Go on with this end, and send it what waited."""
        super().meet(peer)
        while self._unsent and self.peer is not None and not self.peer.inbox.full:
            self.send(self._unsent.popleft())


class MemoryTransport:
    """Makes channels that meet by address; `high_water` messages may wait at each receiving end."""

    def __init__(
        self,
        high_water: int = 256,
        mischief: Mischief | None = None,
        *,
        asked_high_water: int = ASKED_HIGH_WATER,
    ) -> None:
        self.high_water, self.asked_high_water = high_water, asked_high_water
        self.mischief: Mischief = mischief or Calm()
        self._places: dict[str, _Place] = {}

    def place(self, address: str) -> _Place:
        """Where those who name this address meet."""
        return self._places.setdefault(address, _Place())

    def publisher(self, address: str) -> _Publisher:
        """Bind the live end of a stage."""
        return _Publisher(self, address)

    def subscriber(self, address: str, topics: Sequence[str]) -> _Subscriber:
        """Connect to a stage's live end; a topic is a prefix."""
        return _Subscriber(self, address, tuple(topic.encode("ascii") for topic in topics))

    def responder(self, address: str) -> _Responder:
        """Bind the asked end; frames carry the peer's identity first."""
        return _Responder(self, address)

    def requester(self, address: str) -> _Requester:
        """Connect to a stage's asked end."""
        return _Requester(self, address)
