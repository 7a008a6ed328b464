"""Where the record and the live signals of one arm meet: what was delivered, and what waits to be (pure)."""

from __future__ import annotations

from collections.abc import Callable, Collection

from alphabus.backfill import Start
from alphabus.continuity import Follower
from alphabus.delivered import Delivered, place_of
from alphabus.messages import Delivery, EndOfStream, Mode, Signals
from alphabus.record_page import RecordPage
from alphabus.section import Binding
from alphabus.waiting import Waiting


class Joint:
    """Delivers what is on record as it comes, and what is live once what is before it is proven to be there."""

    def __init__(self, mode: Mode, met: Callable[[bytes, int], None]) -> None:
        self.delivered, self.waiting = Delivered(met), Waiting()
        self.end: EndOfStream | None = None
        self._binding = Binding(mode)

    @property
    def ended(self) -> bool:
        """Whether the stream said its end, and did not go on; sections before it may still wait to be taken."""
        last = self.delivered.last
        if self.end is None or last is None:
            return self.end is not None
        # A revision of the last section is not what follows the end: no other end would come after it.
        return last.journal == self.end.journal and last.bar <= self.end.bar

    @property
    def last(self) -> Start | None:
        """Where the last section delivered stands: revisions of it may be missing; None before the first."""
        last = self.delivered.last
        return None if last is None else (last.journal, last.bar)

    @property
    def announced(self) -> Start | None:
        """Where the stream ends, if that waits: who has no section yet is to have the last one."""
        ends = (each.message for each in self.waiting if isinstance(each.message, EndOfStream))
        return next(((end.journal, end.bar) for end in ends), None)

    @property
    def live(self) -> Start | None:
        """The numbering that waits first, and the last bar delivered of it; None where none waits."""
        journal = next(iter(self.waiting.journals), None)
        return None if journal is None else (journal, self.delivered.bar_of(journal))

    def follower(self, topic: str) -> Follower:
        """Where the live signals are to go on."""
        last = self.delivered.last
        return Follower(topic) if last is None else Follower(topic, last.journal, place_of(last))

    @property
    def is_met(self) -> bool:
        """Whether what was delivered has come to the first section that waits: the live signals go on from there."""
        said = (each.message for each in self.waiting)
        first = next((message for message in said if isinstance(message, Signals | EndOfStream)), None)
        last = self.delivered.last
        return first is not None and last is not None and first.journal == last.journal and first.bar <= last.bar

    def take_record(self, page: RecordPage) -> bool:
        """Deliver its sections, and the end if it is there; whether any section is new."""
        new = sum(map(self.delivered.add, page.sections))
        self.end = page.end or self.end
        return new > 0

    def take_live(self, count: int, proven: Collection[bytes | None] = ()) -> bool:
        """Deliver the first `count` messages that wait, in order, up to one that something may be missing before.

        `proven`: the numberings in which nothing more is to be had. Returns whether all were delivered.
        """
        for _ in range(count):
            delivery = self.waiting.first
            if self.delivered.may_lack_before(delivery.message) and _journal(delivery) not in proven:
                return False
            self.waiting.leave()
            for section in self._binding.sections([delivery]):
                self.delivered.add(section)
            if isinstance(delivery.message, EndOfStream):
                self.end = delivery.message
        return True


def _journal(delivery: Delivery) -> bytes | None:
    return getattr(delivery.message, "journal", None)
