"""Moves sections from the source to the bus: journal first, then publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import ClassVar

from alphabus.messages import Announcement, EndOfStream, Mode, Phase, Streamed
from alphabus.outbox import Record
from common.config import Source as SourceConfig
from common.market.constituents import load_constituents
from common.market.journal import Journal
from common.market.membership import Membership
from common.message_log import MessageLog
from common.service import Context, Service
from services.bar_feed.alignment import Alignment
from services.bar_feed.chronicle import Chronicle
from services.bar_feed.pacing import Pacing
from services.bar_feed.sources import RawSection, Source
from services.bar_feed.sources.replay import ReplaySource

Due = tuple[Mode, RawSection]
OpenSource = Callable[[SourceConfig, Path], Source]


class BarFeed(Service):
    """Announces, journals and publishes one section after the other, as pace and credit allow."""

    name: ClassVar[str] = "bar_feed"

    def __init__(self, context: Context, open_source: OpenSource = ReplaySource) -> None:
        super().__init__(context)
        feed = self.config.feed
        self._announcements = self.endpoints.topic("announcements")
        self._bars = self.endpoints.topic("bars")
        self._log = MessageLog(Journal.open(context.state / "journal", sync=feed.sync))
        self._chronicle = Chronicle(self._log, self._announcements, self._bars, self.outlet.frames_of)
        constituents = None if feed.members is None else load_constituents(feed.members)
        self._alignment = Alignment(Membership(feed.patience_bars, self.config.inference.min_coverage, constituents))
        self._chronicle.recall(self._alignment)
        self._pacing = Pacing(self.config.paced_interval_ns if self.config.is_paced else None, feed.credit)
        source = open_source(feed.source, context.state / "quarantine" / "rows.jsonl")
        self.log.info("source", bars=str(feed.source.bars), last_bar=self._chronicle.last_bar, **source.facts())
        self._sections = self._ahead(source)
        self._next: Due | None = next(self._sections, None)
        self.journal, self.bar = self._chronicle.journal, self._chronicle.last_bar
        self._announce()

    @property
    def record(self) -> Record:
        """The journal: it has everything the feed ever said."""
        return self._chronicle

    def wake_ns(self) -> int | None:
        """When the next section is due by pace, or at once when credit allows more."""
        if self._next is None:
            return None
        now = self.clock.monotonic_ns()
        if self._may_send(now):
            return now
        paced = self._is_paced(self._next)
        return now + self._pacing.due_in_ns(now) if paced else None

    def turn(self) -> None:
        """Send one section if one may go; the loop comes back at once for the next."""
        if self._next is not None and self._may_send(self.clock.monotonic_ns()):
            self._send(self._next)
        elif self._next is None and not self._chronicle.ended:
            self._say_end()

    def stop(self) -> None:
        """Sync and close the journal."""
        self._log.journal.close()

    def _ahead(self, source: Source) -> Iterator[Due]:
        after = self._chronicle.last_time
        history = ((Mode.HISTORY, section) for section in source.history(after))
        return chain(history, ((Mode.REPLAY, section) for section in source.live(after)))

    def _is_paced(self, due: Due) -> bool:
        return due[0] is not Mode.HISTORY and self._pacing.pace_ns is not None

    def _may_send(self, now: int) -> bool:
        if self._next is None:
            return False
        return self._pacing.may_send(now, self._sections_ahead(), paced=self._is_paced(self._next))

    def _sections_ahead(self) -> int:
        engine = self.outlet.lowest_acknowledged(self._bars, ["factor_engine"], self.journal)
        worker = self.outlet.lowest_acknowledged(self._announcements, ["inference_worker"], self.journal)
        return self.bar - min(engine, worker)

    def _send(self, due: Due) -> None:
        mode, raw = due
        bar = self._chronicle.last_bar + 1
        expected = self._alignment.expected
        universe, bars = self._alignment.align(raw, self.journal, bar, mode)
        self._say(
            Announcement(self.journal, bar, mode, raw.time, raw.stamp, Phase.CLOSED, expected, coverage=bars.coverage)
        )
        if universe is not None:
            self._say(universe)
        self._say(bars)
        self.bar, self.durable = bar, self._chronicle.durable_bar
        self.counters.add(f"sections_{mode}")
        if self._is_paced(due):
            self._pacing.sent(self.clock.monotonic_ns())
        self._next = next(self._sections, None)
        self._announce()

    def _announce(self) -> None:
        """Reserve the next number as soon as the section before it is closed."""
        if self._next is None or self._next[0] is Mode.HISTORY or self._chronicle.announced is not None:
            return
        mode, raw = self._next
        due_in = self._pacing.due_in_ns(self.clock.monotonic_ns())
        bar, expected = self._chronicle.last_bar + 1, self._alignment.expected
        self._say(Announcement(self.journal, bar, mode, raw.time, raw.stamp, Phase.DUE, expected, due_in))

    def _say_end(self) -> None:
        end = EndOfStream(self.journal, self._chronicle.last_bar, Mode.REPLAY)
        self._chronicle.append(end)
        self.outlet.publish(self._announcements, end)
        self.outlet.publish(self._bars, end)
        self.log.info("end_of_stream", bar=end.bar)

    def _say(self, message: Streamed) -> None:
        self._chronicle.append(message)
        self.outlet.publish(self._announcements if isinstance(message, Announcement) else self._bars, message)
