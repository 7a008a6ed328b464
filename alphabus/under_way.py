"""What was sent to each peer of an asked end and has not left yet, in bytes (pure but for what tells that it left)."""

from __future__ import annotations

from collections import deque
from typing import Protocol


class Departure(Protocol):
    """Tells whether a message has left, or was dropped."""

    @property
    def done(self) -> bool:
        """Its memory is wanted no more."""
        ...


class UnderWay:
    """Large answers by peer; a peer that asks and does not read must not fill our memory, however it asks."""

    def __init__(self, most: int) -> None:
        """`most` bytes may be under way to one peer, and one message more."""
        self._most = most
        self._peers: dict[bytes, deque[tuple[Departure, int]]] = {}

    def may_send(self, peer: bytes) -> bool:
        """Whether there is room for another one to this peer."""
        for known, sent in tuple(self._peers.items()):
            while sent and sent[0][0].done:
                sent.popleft()
            if not sent:
                del self._peers[known]
        return sum(size for _, size in self._peers.get(peer, ())) < self._most

    def sent(self, peer: bytes, departure: Departure, size: int) -> None:
        """Note one that was sent."""
        self._peers.setdefault(peer, deque()).append((departure, size))
