"""The signals of one arm in order, each once: the latest on record first, then live, holes filled from the record."""

from __future__ import annotations

from collections.abc import Callable, Collection

from alphabus.archive import Archive
from alphabus.backfill import Backfill, Start
from alphabus.bus import Bus
from alphabus.continuity import Follower
from alphabus.delivered import Delivered, place_of
from alphabus.errors import RequestError
from alphabus.inlet import Inlet
from alphabus.messages import EndOfStream
from alphabus.opening import Opening
from alphabus.record_page import RecordPage
from alphabus.section import Binding, Section
from alphabus.waiting import Waiting

FILL_NS = 5_000_000_000
"""How long signals wait for the cache's word on what is before them until that is an error; they wait on."""


class ArmStream:
    """Joins the worker's live signals to the cache's record; `met` hears of every bar that has a signal.

    A worker sends again what the cache has not acknowledged; what it has, only the cache sends. So whenever the worker
    was asked for what may have been lost, the cache is asked, too, before anything that follows is delivered: first
    for the rest of the numbering we are in, then for what the next has before its first live section. A record that
    has left one of these has left it for good. It takes us along to where it is, and what is live goes on from there.

    The worker is always listened to: when too much waits for the record all of it goes, and both are asked again.
    """

    def __init__(self, bus: Bus, name: str, arm: str, archive: Archive, met: Callable[[bytes, int], None]) -> None:
        """Connect; raises EndpointError."""
        self._clock, self._arm, self._archive = bus.clock, arm, archive
        self._topic = bus.endpoints.topic("signals", arm)
        self._worker = Inlet(bus, name, "inference_worker", [self._topic])
        self._binding = Binding(archive.mode)
        self._delivered = Delivered(met)
        self._waiting = Waiting()
        self._backfill: Backfill | None = None
        self.end: EndOfStream | None = None
        self._joined = self._unproven = self._dropped = False
        self._joins = 0
        self._opening = Opening(archive, arm, bus.clock)

    @property
    def ended(self) -> bool:
        """Whether the stream said its end, and did not go on; sections before it may still wait to be taken."""
        last = self._delivered.last
        if self.end is None or last is None:
            return self.end is not None
        # A revision of the last section is not what follows the end: no other end would come after it.
        return last.journal == self.end.journal and last.bar <= self.end.bar

    @property
    def empty(self) -> bool:
        """Whether no section waits to be taken."""
        return self._delivered.empty

    @property
    def state(self) -> str:
        """Of the link to the worker: current, gap or stale."""
        if self._worker.stale:
            return "stale"
        asks = self._worker.behind or self._unproven or self._backfill is not None
        return "current" if self._joined and not asks else "gap"

    @property
    def handles(self) -> list[object]:
        """What is read at present: before the latest on record is there live signals stay in their queue."""
        return [*(self._worker.handles if self._opening.over else []), *self._archive.handles]

    def receive(self) -> None:
        """Take in what came; never blocks. Raises ModeError, RequestError."""
        self._archive.receive()
        if not self._opening.over:
            self._open()
            return
        self._listen()
        if self._unproven and self._backfill is None and (self._waiting or not self._worker.behind):
            self._look_back()
        if self._backfill is not None and self._delivered.empty:  # page by page, as they are taken
            self._read_record(self._backfill)
        if self._backfill is None and not self._unproven:
            self._deliver(len(self._waiting))
        if self._backfill is not None and self._waiting.too_many:
            self._drop(self._backfill)

    def take(self) -> Section | None:
        """The next section, None when none is there."""
        return self._delivered.take()

    def close(self) -> None:
        """Let go of the link."""
        self._worker.close()

    # The latest on record.

    def _open(self) -> None:
        """Before anything live: what was the latest? A cache that is away does not keep signals from flowing."""
        for section in self._opening.receive():
            self._delivered.add(section)
        if self._delivered.last is not None:
            self._worker.resume(self._topic, self._known)

    @property
    def _known(self) -> Follower:
        """Where the live signals are to go on."""
        last = self._delivered.last
        return Follower(self._topic) if last is None else Follower(self._topic, last.journal, place_of(last))

    # What comes live.

    def _listen(self) -> None:
        came = self._worker.receive()
        if not self._dropped:
            self._waiting.add(came)
        joins = self._worker.followers[self._topic].joins
        self._unproven = self._unproven or joins != self._joins or (bool(came) and self._worker.behind)
        self._joined = self._joined or not self._worker.behind
        self._joins = joins

    def _drop(self, backfill: Backfill) -> None:
        """Let go of all that waits, and of what follows until the record was read: then the worker is asked again."""
        self._waiting.clear()
        self._dropped, backfill.covers = True, 0

    def _rejoin(self) -> None:
        """Behind the record ask the worker for what was dropped, then the cache for what the worker has forgotten."""
        self._worker.resume(self._topic, self._known)
        self._joins, self._unproven, self._dropped = 0, True, False

    def _deliver(self, count: int, proven: Collection[bytes | None] = ()) -> None:
        """Deliver the first `count` messages, in order; none behind a hole, unless nothing more is to be had there.

        `proven`: the numberings of which that is known.
        """
        for _ in range(count):
            delivery = self._waiting.first
            message = delivery.message
            if self._delivered.may_lack_before(message) and getattr(message, "journal", None) not in proven:
                self._unproven = True
                return
            self._waiting.leave()
            for section in self._binding.sections([delivery]):
                self._delivered.add(section)
            if isinstance(message, EndOfStream):
                self.end = message

    # What only the record has.

    def _look_back(self) -> None:
        """Begin to ask the record; without a first section only for the last: what was before is nothing to us."""
        self._unproven = False
        if (start := self._start) is not None:
            covers, now = len(self._waiting), self._clock.monotonic_ns()
            self._backfill = Backfill(self._archive, self._arm, covers, now)
            self._backfill.ask(start)

    @property
    def _start(self) -> Start | None:
        """The last section, as revisions of it may be missing; before the first all there is, or the last one."""
        last = self._delivered.last
        if last is not None:
            return last.journal, last.bar
        if self._opening.answered:
            return None, 0
        ends = (each.message for each in self._waiting if isinstance(each.message, EndOfStream))
        return next(((end.journal, end.bar) for end in ends), None)

    def _read_record(self, backfill: Backfill) -> None:
        """Deliver what the record has, page by page, then what it has of the numbering that is live."""
        try:
            page = backfill.receive()
        except RequestError:
            self._end_of_record(backfill)
            raise
        if page is None:
            self._do_without(backfill)
            return
        self._go_along(backfill, page)
        known = self._delivered.bar_of(page.journal)
        delivered = [self._delivered.add(section) for section in page.sections]
        last, live = self._delivered.last, next(iter(self._waiting.journals), None)
        if known and page.journal != backfill.asked[-1]:
            backfill.ask((page.journal, known))  # it begins with what we have
        elif any(delivered) and last is not None:
            backfill.ask((last.journal, last.bar))
        elif live is not None and live not in backfill.asked:
            backfill.ask((live, self._delivered.bar_of(live)))
        else:
            self._end_of_record(backfill)

    def _go_along(self, backfill: Backfill, page: RecordPage) -> None:
        """The record has left what it was asked for: what waits of it, and of any numbering before it, goes."""
        last = self._delivered.last
        if page.journal in (None, backfill.asked[-1], last and last.journal):
            return
        if page.journal in self._waiting.journals:
            backfill.covers = max(backfill.covers - self._waiting.leave_before(page.journal), 0)
        else:
            self._drop(backfill)

    def _end_of_record(self, backfill: Backfill) -> None:
        """What it was asked for is proven; what was dropped meanwhile is asked for."""
        self._backfill = None
        if self._dropped:
            self._rejoin()
        else:
            self._deliver(backfill.covers, backfill.asked)

    def _do_without(self, backfill: Backfill) -> None:
        """A cache that is away does not keep signals from flowing, but where one certainly is missing."""
        now = self._clock.monotonic_ns()
        if not self._waiting and not self._dropped:
            backfill.since_ns = now
        elif self._waiting and self._archive.silent and not self._delivered.lacks_before(self._waiting.first.message):
            self._backfill = None
            self._deliver(1, self._waiting.journals)  # nothing is known of what another numbering has before it
            self._deliver(len(self._waiting))
        elif now - backfill.since_ns >= FILL_NS:
            backfill.since_ns = now
            raise RequestError(f"the signal cache did not answer 'history' in {FILL_NS / 1e9:g} s: signals wait for it")
