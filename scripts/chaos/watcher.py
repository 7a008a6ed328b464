"""What a trading engine sees of a run: every section it got, when, and whether it was warned before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from alphabus.bus import Bus
from alphabus.client import SignalClient
from alphabus.codec import decode
from alphabus.errors import DecodeError, RequestError
from alphabus.messages import Announcement, Mode, Phase, Signals, Status

LOOK_NS = 20_000_000
LATE_NS = 1_000_000_000
"""What a signal may be behind its deadline before the engine must have been warned: the client's own grace."""


@dataclass(slots=True)
class Seen:
    """Tallies of one run."""

    deliveries: Counter[tuple[int, int]] = field(default_factory=Counter)
    """How often each (bar, revision) came."""
    unmarked: list[int] = field(default_factory=list)
    """Bars that came as fresh long after their deadline, without a warning before."""
    fresh_ns: int = 0
    """When the last fresh section came."""

    @property
    def duplicates(self) -> int:
        """Deliveries beyond the first of a (bar, revision)."""
        return sum(count - 1 for count in self.deliveries.values())


class Watcher:
    """A client of the run, and a second pair of eyes on the announcements."""

    def __init__(self, bus: Bus, deadline_ns: int | None) -> None:
        """Connect; without a deadline (policy `wait`) nothing can be late."""
        self._clock, self._deadline_ns = bus.clock, deadline_ns
        endpoints = bus.endpoints
        self._client = SignalClient(
            endpoints.instance, mode=Mode.REPLAY, run_dir=endpoints.run_dir, transport=bus.transport, clock=bus.clock
        )
        self._announced = bus.transport.subscriber(endpoints.live("bar_feed"), [endpoints.topic("announcements")])
        self._due_ns: dict[int, int] = {}
        self._warned_ns = 0
        self.moves = 0
        self.seen = Seen()

    @property
    def sections(self) -> int:
        """How many sections were announced that are to become signals."""
        return len(self._due_ns)

    @property
    def ended(self) -> bool:
        """Whether the client saw the end of the stream."""
        return self._client.ended

    def look(self) -> None:
        """Take what came, waiting a moment for it."""
        self._hear_announcements()
        try:
            section = self._client.receive(LOOK_NS)
        except RequestError:  # the cache was away while a gap was to be filled: asked again with the next look
            section = None
        if self._client.link != "current":
            self._warned_ns = self._clock.monotonic_ns()
        if section is not None:
            self._take(section.signals)

    def close(self) -> None:
        """Let go."""
        self._client.close()
        self._announced.close()

    def _hear_announcements(self) -> None:
        while (frames := self._announced.receive()) is not None:
            try:
                message = decode(frames).message
            except DecodeError:
                continue
            if isinstance(message, Announcement) and message.phase is Phase.DUE:
                self.moves += 1
                self._due_ns.setdefault(message.bar, self._clock.monotonic_ns() + message.due_in_ns)

    def _take(self, signals: Signals) -> None:
        now = self._clock.monotonic_ns()
        self.moves += 1
        self.seen.deliveries[signals.bar, signals.revision] += 1
        if signals.status is not Status.FRESH:
            return
        self.seen.fresh_ns = now
        due_ns = self._due_ns.get(signals.bar)
        if due_ns is None or self._deadline_ns is None:
            return
        late = now > due_ns + self._deadline_ns + LATE_NS
        if late and self._warned_ns < due_ns:
            self.seen.unmarked.append(signals.bar)
