"""What a trading engine sees of a run: every section it got, when, and whether it was warned before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from alphabus.bus import Bus
from alphabus.client import SignalClient
from alphabus.codec import decode
from alphabus.errors import DecodeError, RequestError
from alphabus.messages import Announcement, Mode, Phase, Status
from alphabus.section import Section
from alphabus.sockets import Waiter, wait_on
from scripts.chaos.record import Place, bits_of

LOOK_NS = 5_000_000  # short beside a section: a strike comes as far into one as was drawn
LATE_NS = 1_000_000_000
"""What a signal may be behind its deadline before the engine must have been warned: the client's own grace."""


@dataclass(slots=True)
class Seen:
    """Tallies of one run."""

    deliveries: Counter[tuple[int, int]] = field(default_factory=Counter)
    """How often each (bar, revision) came."""
    unmarked: list[int] = field(default_factory=list)
    """Bars that came as fresh long after their deadline, without a warning before."""
    values: dict[Place, bytes] = field(default_factory=dict)
    """The bits of every computed value that came, as `Record.values` has them; a revision's, where one followed."""
    warned_ns: int = 0
    """When the client last said that its link was anything but current."""
    fresh_ns: int = 0
    fresh_bar: int = 0
    """When the last fresh section came, and its bar."""
    bar: int = 0
    """The newest that came, in whatever state."""


class _Due(NamedTuple):
    """When a section was announced, and when it is due, as of the first time it was heard of."""

    heard_ns: int
    due_ns: int


class Watcher:
    """A client of the run, and a second pair of eyes on the announcements."""

    def __init__(self, bus: Bus, deadline_ns: int | None, wait: Waiter = wait_on) -> None:
        """Connect; without a deadline (policy `wait`) nothing can be late."""
        self._clock, self._deadline_ns = bus.clock, deadline_ns
        endpoints = bus.endpoints
        self._client = SignalClient(
            endpoints.instance, mode=Mode.REPLAY, run_dir=endpoints.run_dir, transport=bus.transport,
            clock=bus.clock, wait=wait,
        )  # fmt: skip
        self._announced = bus.transport.subscriber(endpoints.live("bar_feed"), [endpoints.topic("announcements")])
        self._due: dict[int, _Due] = {}
        self.bar = 0
        """The newest that was announced as due."""
        self.moves = 0
        self.seen = Seen()

    def announced_ns(self, bar: int, after: int) -> int | None:
        """When the `after`th section that follows `bar` was heard of; None when none so late was."""
        if self.bar < bar + after:
            return None
        return min(due.heard_ns for number, due in self._due.items() if number >= bar + after)

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
            self.seen.warned_ns = self._clock.monotonic_ns()
        if section is not None:
            self._take(section)

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
                self.bar = max(self.bar, message.bar)
                now = self._clock.monotonic_ns()
                self._due.setdefault(message.bar, _Due(now, now + message.due_in_ns))

    def _take(self, section: Section) -> None:
        now, signals = self._clock.monotonic_ns(), section.signals
        self.moves += 1
        self.seen.deliveries[signals.bar, signals.revision] += 1
        self.seen.bar = max(self.seen.bar, signals.bar)
        if signals.status in {Status.FRESH, Status.LATE}:
            bits = bits_of(section.values, section.flags)
            self.seen.values |= zip(((signals.bar, symbol) for symbol in section.symbols), bits, strict=True)
        if signals.status is not Status.FRESH:
            return
        self.seen.fresh_ns, self.seen.fresh_bar = now, signals.bar
        due = self._due.get(signals.bar)
        if due is None or self._deadline_ns is None:
            return
        late = now > due.due_ns + self._deadline_ns + LATE_NS
        if late and self.seen.warned_ns < due.due_ns:
            self.seen.unmarked.append(signals.bar)
