"""Moves sections from the source to the bus, as pace and credit allow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from alphabus.codec import Content
from alphabus.messages import (
    Acknowledge,
    Announcement,
    Bars,
    EndOfStream,
    Heartbeat,
    Mode,
    Phase,
    Request,
    Streamed,
)
from alphabus.outbox import Page, Record
from common.config import Source as SourceConfig
from common.market.constituents import load_constituents
from common.market.journal import Journal
from common.market.membership import Membership
from common.message_log import UNIVERSE, MessageLog
from common.room import Room
from common.service import Context, Service
from services.bar_feed.admission import Refusal
from services.bar_feed.alignment import Alignment
from services.bar_feed.arrivals import Arrivals, Due
from services.bar_feed.chronicle import Chronicle
from services.bar_feed.complaints import Complaints
from services.bar_feed.forgetting import ENGINE, STATES, Forgetting
from services.bar_feed.herald import Herald
from services.bar_feed.pacing import Pacing
from services.bar_feed.places import Places
from services.bar_feed.quarantine import Quarantine
from services.bar_feed.sources import Source
from services.bar_feed.sources.kinds import open_source as open_configured

OpenSource = Callable[[SourceConfig, Path], Source]


class BarFeed(Service):
    """Announces, journals and publishes one section after the other, as pace and credit allow."""

    name: ClassVar[str] = "bar_feed"

    def __init__(self, context: Context, open_source: OpenSource | None = None) -> None:
        super().__init__(context)
        feed = self.config.feed
        self._announcements, self._bars = self.endpoints.topic("announcements"), self.endpoints.topic("bars")
        self._log = MessageLog(Journal.open(context.state / "journal", sync=feed.sync, landmark=UNIVERSE))
        if self._log.journal.renewed is not None:
            self.log.warning("journal_renewed", reason=self._log.journal.renewed, journal=self._log.journal.id.hex())
        states = self.endpoints.topic(STATES, ENGINE)
        self._forgetting = Forgetting(feed.retention, self._log.journal, states)
        self._chronicle = Chronicle(self._log, self._announcements, self._bars, self.outlet.frames_of)
        room = Room(self.clock, self.log, self.counters, self.outlet.alert, waits=feed.on_full == "wait")
        self._herald = Herald(self._chronicle, room, self._as_of_now, self._publish)
        membership = self._membership()
        self._alignment = Alignment(membership)
        self._chronicle.recall(self._alignment)
        self._pacing = Pacing(self.config.paced_interval_ns if self.config.is_paced else None, feed.credit)
        quarantine = Quarantine(context.state / "quarantine" / "sections.jsonl")
        self._complaints = Complaints(self.log, self.outlet.alert)
        self._places = Places(membership, feed.forget_bars, quarantine, self.counters, self._complaints)
        self._places.heed()
        source, after = self._opened(open_source), self._chronicle.last_time
        self._arrivals = Arrivals(source, after, quarantine, self._tell_refusal, self._places.seat)
        self._next: Due | None = self._pulled()
        self.journal, self.bar = self._chronicle.journal, self._chronicle.last_bar
        self._announce()

    @property
    def record(self) -> Record:
        """The journal: it has everything the feed ever said."""
        return self._chronicle

    def wake_ns(self) -> int | None:
        """When the next section is due by pace, or at once when credit allows more; on a full disk when it is tried."""
        if self._herald.waits:
            return self._herald.again_ns
        if self._next is None:
            return None
        now = self.clock.monotonic_ns()
        if self._may_send(now):
            return now
        paced = self._is_paced(self._next[0])
        return now + self._pacing.due_in_ns(now) if paced else None

    def turn(self) -> None:
        """Send one section if one may go; the loop comes back at once for the next."""
        if self._herald.waits:
            self._herald.try_again()
        elif self._next is not None and self._may_send(self.clock.monotonic_ns()):
            self._send(self._next)
        elif self._next is None and not self._chronicle.ended:
            self._say_end()

    def answer(self, request: Request) -> Page:
        """`due`: the section that was announced, with what is left until it is due; nothing when none is."""
        if request.verb != "due":
            return super().answer(request)
        announced = self._chronicle.announced
        if announced is None:
            return Page((), complete=True)
        left = self._pacing.due_in_ns(self.clock.monotonic_ns())
        frames = self.outlet.frames_of(self._announcements, replace(announced, due_in_ns=left))
        return Page((frames,), complete=True)

    def acknowledged(self, message: Acknowledge) -> None:
        """Hear what the record must go back to."""
        self._forgetting.hear(message)

    def heartbeat(self) -> Heartbeat:
        """With what is on disk by now; raises JournalError when a sync failed."""
        self._log.journal.settle()
        self._prune()
        self.durable = self._chronicle.durable_bar
        return super().heartbeat()

    def _prune(self) -> None:
        for segment in self._forgetting.prune(self.bar - self._sections_ahead(), self.clock.wall_ns() / 1e9):
            self.log.info("segment_dropped", file=segment.path.name)

    def stop(self) -> None:
        """Sync and close the journal."""
        self._log.journal.close()

    def _membership(self) -> Membership:
        feed = self.config.feed
        constituents = None if feed.members is None else load_constituents(feed.members)
        return Membership(feed.patience_bars, self.config.inference.min_coverage, constituents, feed.forget_bars)

    def _opened(self, open_source: OpenSource | None) -> Source:
        config, rows = self.config.feed.source, self.context.state / "quarantine" / "rows.jsonl"
        source = open_configured(self.config, rows, self.clock) if open_source is None else open_source(config, rows)
        self.log.info("source", bars=str(config.bars), last_bar=self._chronicle.last_bar, **source.facts())
        return source

    def _pulled(self) -> Due | None:
        return self._arrivals.pull(self._pacing.due_in_ns(self.clock.monotonic_ns()))

    def _tell_refusal(self, refusal: Refusal, told: Mapping[str, Any]) -> None:
        self.counters.add(f"sections_{refusal}")
        self._complaints.section_refused(refusal, told)

    def _is_paced(self, mode: Mode) -> bool:
        return mode is not Mode.HISTORY and self._pacing.pace_ns is not None

    def _may_send(self, now: int) -> bool:
        if self._next is None:
            return False
        return self._pacing.may_send(now, self._sections_ahead(), paced=self._is_paced(self._next[0]))

    def _sections_ahead(self) -> int:
        engine = self.outlet.lowest_acknowledged(self._bars, ["factor_engine"], self.journal)
        worker = self.outlet.lowest_acknowledged(self._announcements, ["inference_worker"], self.journal)
        return max(self.bar - min(engine, worker), 0)  # whoever says more than there is has none of it dropped

    def _send(self, due: Due) -> None:
        mode, raw = due
        bar = self._chronicle.last_bar + 1
        expected = self._alignment.expected
        universe, bars = self._alignment.align(raw, self.journal, bar, mode)
        closed = Announcement(
            self.journal, bar, mode, raw.time, raw.stamp, Phase.CLOSED, expected, coverage=bars.coverage
        )
        if universe is not None:
            self._places.heed()
        self._herald.say(closed, *([] if universe is None else [universe]), bars)

    def _sent(self, bars: Bars) -> None:
        """Go on with the next section."""
        self._log.journal.settle()  # it is published: now it is synced, while the next one is made ready
        self.bar, self.durable = bars.bar, self._chronicle.durable_bar
        self.counters.add(f"sections_{bars.mode}")
        if self._is_paced(bars.mode):
            self._pacing.sent(self.clock.monotonic_ns())
        self._next = self._pulled()
        self._announce()

    def _announce(self) -> None:
        """Reserve the next number as soon as the section before it is closed."""
        if self._next is None or self._next[0] is Mode.HISTORY or self._chronicle.announced is not None:
            return
        mode, raw = self._next
        bar, expected = self._chronicle.last_bar + 1, self._alignment.expected
        self._herald.say(Announcement(self.journal, bar, mode, raw.time, raw.stamp, Phase.DUE, expected))

    def _say_end(self) -> None:
        self._herald.say(EndOfStream(self.journal, self._chronicle.last_bar, self._arrivals.mode))

    def _as_of_now(self, message: Streamed) -> Streamed:
        if isinstance(message, Announcement) and message.phase is Phase.DUE:
            return replace(message, due_in_ns=self._pacing.due_in_ns(self.clock.monotonic_ns()))
        return message

    def _publish(self, message: Streamed, content: Content) -> None:
        if isinstance(message, Announcement | EndOfStream):
            self.outlet.publish(self._announcements, message, content)
        if not isinstance(message, Announcement):
            self.outlet.publish(self._bars, message, content)
        if isinstance(message, Bars):
            self._sent(message)
        elif isinstance(message, EndOfStream):
            self.log.info("end_of_stream", bar=message.bar)
