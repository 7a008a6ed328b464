"""What each peer of a live end has subscribed to (pure): ZeroMQ keeps every prefix, so somebody must count them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

MAX_SUBSCRIPTIONS = 1024  # of one key, over all its connections; a client has four a connection


@dataclass(slots=True)
class Subscriptions:
    """Counts by public key; what was refused counts, too: it costs the same memory."""

    _by_topic: dict[bytes, Counter[str]] = field(default_factory=dict)
    _by_key: Counter[str] = field(default_factory=Counter)

    def add(self, public: str, topic: bytes) -> bool:
        """Note a subscription; False when that is one too many."""
        self._by_topic.setdefault(topic, Counter())[public] += 1
        self._by_key[public] += 1
        return self._by_key[public] <= MAX_SUBSCRIPTIONS

    def remove(self, public: str | None, topic: bytes) -> None:
        """Forget one; None: a connection ended, and ZeroMQ does not say whose."""
        holders = self._by_topic.get(topic)
        if not holders:
            return
        whose = public if public is not None and public in holders else next(iter(holders))
        for counter in (holders, self._by_key):
            counter[whose] -= 1
            if counter[whose] <= 0:
                del counter[whose]
        if not holders:
            del self._by_topic[topic]
