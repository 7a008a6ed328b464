"""The signals of one arm in order, each once: the latest on record first, then live, holes filled from the record."""

from __future__ import annotations

from collections.abc import Callable, Collection

from alphabus.archive import Archive
from alphabus.backfill import Backfill
from alphabus.bus import Bus
from alphabus.errors import RequestError
from alphabus.inlet import Inlet
from alphabus.joint import Joint
from alphabus.messages import EndOfStream
from alphabus.opening import Opening
from alphabus.record_page import RecordPage
from alphabus.section import Section

FILL_NS = 5_000_000_000
"""How long signals wait for the cache's word on what is before them until that is an error; they wait on."""


class ArmStream:
    """Joins the worker's live signals to the cache's record; `met` hears of every bar that has a signal.

    A worker sends again what the cache has not acknowledged; what it has, only the cache sends. So whenever the worker
    was asked for what may have been lost, the cache is asked, too, before anything that follows is delivered: first
    for the rest of the numbering we are in, then for what the next has before its first live section. A record that
    has left one of these has left it for good. It takes us along to where it is, and what is live goes on from there.

    The worker is always listened to: when much waits, for the record or to be taken, what follows is dropped, and both
    are asked again once nothing waits.
    """

    def __init__(self, bus: Bus, name: str, arm: str, archive: Archive, met: Callable[[bytes, int], None]) -> None:
        """Connect; raises EndpointError."""
        self._clock, self._arm, self._archive = bus.clock, arm, archive
        self._topic = bus.endpoints.topic("signals", arm)
        self._worker = Inlet(bus, name, "inference_worker", [self._topic])
        self._joint = Joint(archive.mode, met)
        self._backfill: Backfill | None = None
        self._joined = self._unproven = self._dropped = False
        self._joins = 0
        self._opening = Opening(archive, arm, bus.clock)

    @property
    def end(self) -> EndOfStream | None:
        """The last one that was said."""
        return self._joint.end

    @property
    def ended(self) -> bool:
        """Whether the stream said its end, and did not go on; sections before it may still wait to be taken."""
        return self._joint.ended

    @property
    def empty(self) -> bool:
        """Whether no section waits to be taken."""
        return self._joint.delivered.empty

    @property
    def state(self) -> str:
        """Of the link to the worker: current, gap or stale."""
        if self._worker.stale:
            return "stale"
        asks = self._worker.behind or self._unproven or self._dropped or self._backfill is not None
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
        if self._unproven and self._backfill is None and (self._joint.waiting or not self._worker.behind):
            self._look_back()
        if self._backfill is not None and self._joint.delivered.empty:  # page by page, as they are taken
            self._read_record(self._backfill)
        if self._backfill is None and not self._unproven and self._joint.delivered.empty:
            self._unproven = not self._joint.take_live(len(self._joint.waiting))
        self._dropped = self._dropped or self._joint.waiting.is_full
        if self._dropped and self._backfill is None and not self._joint.waiting and self._joint.delivered.empty:
            self._rejoin()

    def take(self) -> Section | None:
        """The next section, None when none is there."""
        return self._joint.delivered.take()

    def close(self) -> None:
        """Let go of the link."""
        self._worker.close()

    # The latest on record.

    def _open(self) -> None:
        """Before anything live: what was the latest? A cache that is away does not keep signals from flowing."""
        if self._joint.take_record(RecordPage(None, self._opening.receive())):
            self._worker.resume(self._topic, self._joint.follower(self._topic))

    # What comes live.

    def _listen(self) -> None:
        came = self._worker.receive()
        if not self._dropped:
            self._joint.waiting.add(came)
        joins = self._worker.followers[self._topic].joins
        self._unproven = self._unproven or joins != self._joins or (bool(came) and self._worker.behind)
        self._joined = self._joined or not self._worker.behind
        self._joins = joins

    def _rejoin(self) -> None:
        """Ask the worker for what was dropped, then the cache for what the worker has forgotten."""
        self._worker.resume(self._topic, self._joint.follower(self._topic))
        self._joins, self._unproven, self._dropped = 0, True, False

    # What only the record has.

    def _look_back(self) -> None:
        """Begin to ask the record; without a first section only for the last: what was before is nothing to us."""
        self._unproven = False
        everything = (None, 0) if self._opening.answered else None
        if (start := self._joint.last or everything or self._joint.announced) is not None:
            covers, now = len(self._joint.waiting), self._clock.monotonic_ns()
            self._backfill = Backfill(self._archive, self._arm, covers, now)
            self._backfill.ask(start)

    def _read_record(self, backfill: Backfill) -> None:
        """Deliver what the record has, page by page, then what it has of the numbering that is live."""
        try:
            page = backfill.receive()
        except RequestError:
            self._end_of_record(backfill.covers)
            raise
        if page is None:
            self._do_without(backfill)
            return
        self._go_along(backfill, page)
        known = self._joint.delivered.bar_of(page.journal)
        any_new, live = self._joint.take_record(page), self._joint.live
        if known and page.journal != backfill.asked[-1]:
            backfill.ask((page.journal, known))  # it begins with what we have
        elif any_new and self._joint.last is not None and not self._joint.is_met:
            backfill.ask(self._joint.last)
        elif live is not None and live[0] not in backfill.asked:
            backfill.ask(live)
        else:
            self._end_of_record(backfill.covers, backfill.asked)

    def _go_along(self, backfill: Backfill, page: RecordPage) -> None:
        """The record has left what it was asked for: what waits of it, and of any numbering before it, goes."""
        ours = None if self._joint.last is None else self._joint.last[0]
        if page.journal in (None, backfill.asked[-1], ours):
            return
        if page.journal in self._joint.waiting.journals:
            backfill.covers = max(backfill.covers - self._joint.waiting.leave_before(page.journal), 0)
        else:
            self._joint.waiting.clear()
            self._dropped, backfill.covers = True, 0

    def _end_of_record(self, covers: int, asked: Collection[bytes | None] = ()) -> None:
        """Of what it was asked for nothing more is to be had: what waited when it was asked is proven."""
        self._backfill = None
        self._unproven |= not self._joint.take_live(covers, asked)

    def _do_without(self, backfill: Backfill) -> None:
        """A cache that is away does not keep signals from flowing, but where one certainly is missing."""
        now, joint = self._clock.monotonic_ns(), self._joint
        if not joint.waiting:
            backfill.since_ns = now
            if self._dropped and self._archive.silent:
                self._backfill = None
        elif self._archive.silent and not joint.delivered.lacks_before(joint.waiting.first.message):
            self._backfill = None
            joint.take_live(1, joint.waiting.journals)  # nothing is known of what another numbering has before it
        elif now - backfill.since_ns >= FILL_NS:
            backfill.since_ns = now
            raise RequestError(f"the signal cache did not answer 'history' in {FILL_NS / 1e9:g} s: signals wait for it")
