"""When a writer hears what its reader is done with: in steps, not section by section (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field

from alphabus.messages import Acknowledge

REPEAT_NS = 1_000_000_000
FLUSH_NS = 100_000_000


@dataclass(slots=True)
class Acknowledger:
    """Decides what is sent at once, what waits, and what is said again.

    Every word wakes a process and its threads, and a writer needs it only to go on and to forget. So it hears of each
    bar at which a multiple of `every` was passed: of the same ones from every reader, so that a word that must wait for
    another (the worker's for the cache's) never waits for a step of its own. The rest follows after `FLUSH_NS`, and
    everything is repeated every `REPEAT_NS`: a writer that restarted has forgotten.
    """

    consumer: str
    every: int = 1
    repeated_ns: int = 0
    _sent: dict[str, Acknowledge] = field(default_factory=dict)
    _waiting: dict[str, Acknowledge] = field(default_factory=dict)
    _since_ns: int = 0

    def note(self, topic: str, journal: bytes, bar: int, now_ns: int) -> list[Acknowledge]:
        """All up to `bar` of `topic` is done; returns what to send at once."""
        message, known = Acknowledge(self.consumer, topic, journal, bar), self._sent.get(topic)
        if known is None or known.journal != journal or bar // self.every > known.bar // self.every:
            return self._said([message])
        if bar > known.bar:
            self._since_ns = self._since_ns if self._waiting else now_ns
            self._waiting[topic] = message
        return []

    def restate(self, topic: str, journal: bytes, bar: int, now_ns: int) -> list[Acknowledge]:
        """As `note`, for what may also grow less: then it is said at once, and nothing higher any more."""
        known = self._waiting.get(topic) or self._sent.get(topic)
        if known is not None and bar < known.bar:
            self.forget(topic)
        return self.note(topic, journal, bar, now_ns)

    def due(self, now_ns: int) -> list[Acknowledge]:
        """What waited long enough, and now and then everything again."""
        waited = list(self._waiting.values())
        if now_ns - self.repeated_ns >= REPEAT_NS:
            self.repeated_ns = now_ns
            self._said(waited)
            return list(self._sent.values())
        return self._said(waited) if now_ns - self._since_ns >= FLUSH_NS else []

    def forget(self, topic: str) -> None:
        """It is not followed any more."""
        self._sent.pop(topic, None)
        self._waiting.pop(topic, None)

    def _said(self, messages: list[Acknowledge]) -> list[Acknowledge]:
        for message in messages:
            self._sent[message.topic] = message
            self._waiting.pop(message.topic, None)
        return messages
