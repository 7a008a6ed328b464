"""The seams of the bus: what a channel, a transport and a waiter do, whatever they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

Parts = Sequence[bytes | memoryview]
"""Frames to be sent; the memory of a large one is kept until it has gone out, and must not change."""
Received = Sequence[bytes | memoryview]
"""Frames as they came: small ones as bytes, large ones uncopied."""


class Channel(Protocol):
    """One end of a link: frames go and come, and nothing ever blocks."""

    def send(self, frames: Parts) -> bool:
        """False when the queue is full and the frames were not taken."""
        ...

    def receive(self) -> Received | None:
        """The next message's frames, or None."""
        ...

    def close(self) -> None:
        """Let go of the link; what is queued has a moment to leave."""
        ...

    @property
    def handle(self) -> Any:
        """What a poller waits on."""
        ...


class Subscription(Channel, Protocol):
    """A listening end whose topics may change while it lives."""

    def subscribe(self, topic: str) -> None:
        """Hear what is published below this prefix from now on."""
        ...

    def unsubscribe(self, topic: str) -> None:
        """Hear no more of it."""
        ...


class Transport(Protocol):
    """Makes the four kinds of channels."""

    def publisher(self, address: str) -> Channel:
        """Bind the live end of a stage."""
        ...

    def subscriber(self, address: str, topics: Sequence[str]) -> Subscription:
        """Connect to a stage's live end."""
        ...

    def responder(self, address: str) -> Channel:
        """Bind the asked end; frames carry the peer's identity first."""
        ...

    def requester(self, address: str) -> Channel:
        """Connect to a stage's asked end."""
        ...


class Waiter(Protocol):
    """Sleeps until a handle is ready."""

    def __call__(self, handles: Sequence[object], timeout_ns: int) -> None:
        """Return when one of `handles` is ready, or after `timeout_ns`."""
        ...
