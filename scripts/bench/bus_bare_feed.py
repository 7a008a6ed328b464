"""Sections from the source to the bus, as the feed makes them; on record nothing, or nothing that could be read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from alphabus.clock import Clock
from alphabus.codec import Frames
from alphabus.messages import Announcement, Mode, Phase
from common.config import Config
from common.market.membership import Membership
from scripts.bench.bus_bare_disk import NoDisk
from scripts.bench.bus_bare_link import JOURNAL, BareLinks, BareStage
from scripts.bench.bus_gate import Gate
from services.bar_feed.admission import Admission
from services.bar_feed.alignment import Alignment
from services.bar_feed.sources import RawSection
from services.bar_feed.sources.kinds import open_source

READERS = 2


class BareFeed(BareStage):
    """Announces and publishes one section after the other, as far as it may go."""

    def __init__(self, config: Config, clock: Clock, links: BareLinks, disk: NoDisk) -> None:
        super().__init__(config, clock, links, disk)
        self._gate, self._bar = Gate(clock), 0
        self._announcements, self._bars = self.endpoints.topic("announcements"), self.endpoints.topic("bars")
        self._alignment = Alignment(Membership(config.feed.patience_bars, config.inference.min_coverage))
        self._admission = Admission(-(2**62))
        self._sections = self._ahead()
        self._next = next(self._sections, None)
        links.bind("bar_feed")

    def joined(self) -> bool:
        """The engine hears bars, the worker announcements."""
        return self.links.is_heard_by(READERS)

    def handles(self) -> list[object]:
        """What it is told."""
        return [self._gate]

    def turn(self) -> None:
        """Everything that may go."""
        self._gate.hear()
        while self._next is not None and self._bar < self._gate.until:
            began = self.clock.monotonic_ns()
            self._send(*self._next)
            self._gate.passed(self._bar - 1, self._bar, began)

    def _ahead(self) -> Iterator[tuple[Mode, RawSection]]:
        source = open_source(self.config, self.config.state / "quarantine" / "rows.jsonl", self.clock)
        history = ((Mode.HISTORY, section) for section in source.history(-(2**62)))
        for mode, raw in chain(history, ((source.mode, section) for section in source.live(-(2**62)))):
            if self._admission.judge(raw.time, None) is None:
                yield mode, raw

    def _send(self, mode: Mode, raw: RawSection) -> None:
        self._bar += 1
        expected = self._alignment.expected
        universe, bars = self._alignment.align(raw, JOURNAL, self._bar, mode)
        sent = list(self._announce(mode, raw, Phase.CLOSED, expected, bars.coverage))
        if universe is not None:
            sent += self.links.send(self._bars, universe)
        sent += self.links.send(self._bars, bars)
        self._next = next(self._sections, None)
        if self._next is not None and self._next[0] is not Mode.HISTORY:
            sent += self._announce(*self._next, Phase.DUE, self._alignment.expected, 0.0)
        self.disk.keep(sent)

    def _announce(self, mode: Mode, raw: RawSection, phase: Phase, expected: int, coverage: float) -> Frames:
        bar = self._bar + (phase is Phase.DUE)
        said = Announcement(JOURNAL, bar, mode, raw.time, raw.stamp, phase, expected, coverage=coverage)
        return self.links.send(self._announcements, said)
