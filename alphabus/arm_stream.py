"""The signals of one arm in order, each once: the latest on record first, then live, holes filled from the record."""

from __future__ import annotations

from collections.abc import Callable

from alphabus.archive import Archive
from alphabus.backfill import Backfill
from alphabus.bus import Bus
from alphabus.continuity import Follower
from alphabus.delivered import Delivered, place_of
from alphabus.errors import RequestError
from alphabus.inlet import Inlet
from alphabus.messages import EndOfStream, Signals
from alphabus.section import Binding, Section
from alphabus.waiting import Waiting

SNAPSHOT_NS = 2_000_000_000
FILL_NS = 5_000_000_000
"""How long signals wait for the cache's word on what is before them until that is an error; they wait on."""


class ArmStream:
    """Joins the worker's live signals to the cache's record; `met` hears of every bar that has a signal.

    A worker sends again what the cache has not acknowledged; what it has, only the cache sends. So whenever the worker
    was asked for what may have been lost, the cache is asked, too, before anything that follows is delivered. The
    worker is always listened to: when too much waits for the record all of it goes, and both are asked again.
    """

    def __init__(self, bus: Bus, name: str, arm: str, archive: Archive, met: Callable[[bytes, int], None]) -> None:
        """Connect; raises EndpointError."""
        self._clock, self._arm, self._archive = bus.clock, arm, archive
        self._topic = bus.endpoints.topic("signals", arm)
        self._worker = Inlet(bus, name, "inference_worker", [self._topic])
        self._binding = Binding(archive.mode)
        self._delivered = Delivered(met)
        self._held = Waiting()
        self._backfill: Backfill | None = None
        self.end: EndOfStream | None = None
        self._joined = self._unproven = self._knows_latest = self._dropped = False
        self._joins = 0
        self._asked: int | None = archive.request("latest", arm=arm)
        self._asked_ns = self._clock.monotonic_ns()

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
        return [*(self._worker.handles if self._asked is None else []), *self._archive.handles]

    def receive(self) -> None:
        """Take in what came; never blocks. Raises ModeError, RequestError."""
        self._archive.receive()
        if self._asked is not None:
            self._take_snapshot(self._asked)
            return
        self._listen()
        if self._unproven and self._backfill is None and (self._held or not self._worker.behind):
            self._look_back()
        if self._backfill is not None and self._delivered.empty:  # page by page, as they are taken
            self._read_record(self._backfill)
        if self._backfill is None and not self._unproven:
            self._merge(len(self._held), proven=False)
        if self._backfill is not None and self._held.too_many:
            self._drop(self._backfill)

    def take(self) -> Section | None:
        """The next section, None when none is there."""
        return self._delivered.take()

    def close(self) -> None:
        """Let go of the link."""
        self._worker.close()

    # The latest on record.

    def _take_snapshot(self, asked: int) -> None:
        """Before anything live: what was the latest? A cache that is away does not keep signals from flowing."""
        try:
            answer = self._archive.answer(asked)
        except RequestError:
            self._asked = None
            raise
        waited = self._clock.monotonic_ns() - self._asked_ns
        if answer is None and waited < SNAPSHOT_NS:
            if not self._archive.awaits(asked):
                self._asked = self._archive.request("latest", arm=self._arm)
            return
        self._asked, self._knows_latest = None, answer is not None
        for section in answer or []:
            self._delivered.add(section)
        if (last := self._delivered.last) is not None:
            self._worker.resume(self._topic, Follower(self._topic, last.journal, place_of(last)))

    # What comes live.

    def _listen(self) -> None:
        came = self._worker.receive()
        if not self._dropped:
            self._held.add(came)
        joins = self._worker.followers[self._topic].joins
        self._unproven = self._unproven or joins != self._joins or (bool(came) and self._worker.behind)
        self._joined = self._joined or not self._worker.behind
        self._joins = joins

    def _drop(self, backfill: Backfill) -> None:
        """Let go of all that waits, and of what follows until the record was read: it would fill the memory."""
        self._held.clear()
        self._dropped, backfill.covers = True, 0

    def _rejoin(self) -> None:
        """Behind the record ask the worker for what was dropped, then the cache for what the worker has forgotten."""
        last = self._delivered.last
        known = Follower(self._topic) if last is None else Follower(self._topic, last.journal, place_of(last))
        self._worker.resume(self._topic, known)
        self._joins, self._unproven, self._dropped = 0, True, False

    def _merge(self, count: int, *, proven: bool, gone: bytes | None = None) -> None:
        """Deliver the first `count` messages held, in order; without proof, or of what is gone, none behind a hole."""
        for _ in range(count):
            delivery = self._held.first
            if not proven and self._delivered.may_lack_before(delivery.message):
                self._unproven = True
                return
            self._held.leave()
            if self._delivered.lacks_for_ever(delivery.message, gone):
                continue
            for section in self._binding.sections([delivery]):
                self._delivered.add(section)
            if isinstance(delivery.message, EndOfStream):
                self.end = delivery.message

    # What only the record has.

    def _look_back(self) -> None:
        """Begin to ask the record; without a first section only for the last: what was before is nothing to us."""
        self._unproven = False
        now, first = self._clock.monotonic_ns(), self._first_bar
        if first is not None:
            covers, journal = len(self._held), self._counted_in
            self._backfill = Backfill(self._archive, self._arm, first, journal, covers=covers, now_ns=now)

    @property
    def _first_bar(self) -> int | None:
        """The last section's of the numbering that is next: revisions of it may be missing; 0 before the first."""
        last = self._delivered.last
        if last is None and not self._knows_latest:
            return next((held.message.bar for held in self._held if isinstance(held.message, EndOfStream)), None)
        return 0 if last is None else self._delivered.bar_of(self._next_journal or last.journal)

    @property
    def _counted_in(self) -> bytes | None:
        """The numbering of the first bar; before the first section that of whatever is on record."""
        last = self._delivered.last
        return None if last is None else self._next_journal or last.journal

    @property
    def _next_journal(self) -> bytes | None:
        numbered = (held.message for held in self._held if isinstance(held.message, Signals | EndOfStream))
        return next((message.journal for message in numbered), None)

    def _read_record(self, backfill: Backfill) -> None:
        """Deliver what the record has, page by page; at its end what it was asked for is proven."""
        try:
            page = backfill.receive()
        except RequestError:
            self._end_of_record(backfill)
            raise
        if page is None:
            self._do_without(backfill)
            return
        follow = [section for section in page if self._follows(section.signals)]
        if (begun := backfill.miscounted(follow)) is not None:
            backfill.turn(self._delivered.bar_of(begun), begun)
            return
        delivered = [self._delivered.add(section) for section in follow]
        if any(delivered) and (last := self._delivered.last) is not None:
            backfill.turn(last.bar, last.journal)
        else:
            other = backfill.other(page)
            is_new = other is not None and self._delivered.bar_of(other) == 0
            self._end_of_record(backfill, backfill.journal if is_new else None)

    def _end_of_record(self, backfill: Backfill, gone: bytes | None = None) -> None:
        """What it was asked for is proven, or gone with its numbering; what was dropped meanwhile is asked for."""
        self._backfill = None
        if self._dropped:
            self._rejoin()
        else:
            self._merge(backfill.covers, proven=True, gone=gone)

    def _follows(self, signals: Signals) -> bool:
        """Whether a section on record is one of those that are missing: it may be of a numbering that we have left."""
        last = self._delivered.last
        return last is None or signals.journal in (last.journal, self._next_journal)

    def _do_without(self, backfill: Backfill) -> None:
        """A cache that is away does not keep signals from flowing, but where one certainly is missing."""
        now = self._clock.monotonic_ns()
        if not self._held and not self._dropped:
            backfill.since_ns = now
        elif self._held and self._archive.silent and not self._delivered.lacks_before(self._held.first.message):
            self._backfill = None
            self._merge(1, proven=True)  # nothing is known of what another numbering has before it
            self._merge(len(self._held), proven=False)
        elif now - backfill.since_ns >= FILL_NS:
            backfill.since_ns = now
            raise RequestError(f"the signal cache did not answer 'history' in {FILL_NS / 1e9:g} s: signals wait for it")
