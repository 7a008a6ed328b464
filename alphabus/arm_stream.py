"""The signals of one arm in order, each once: the latest on record first, then live, holes filled from the record."""

from __future__ import annotations

from collections.abc import Callable

from alphabus.archive import Archive
from alphabus.bus import Bus
from alphabus.continuity import Follower, Place
from alphabus.errors import RequestError
from alphabus.inlet import Inlet
from alphabus.messages import Delivery, EndOfStream, Signals
from alphabus.section import Binding, Section

SNAPSHOT_NS = 2_000_000_000
FILL_NS = 5_000_000_000


class ArmStream:
    """Joins the worker's live signals to the cache's latest; `met` hears of every bar that has a signal."""

    def __init__(self, bus: Bus, name: str, arm: str, archive: Archive, met: Callable[[bytes, int], None]) -> None:
        """Connect; raises EndpointError."""
        self._clock, self._arm, self._archive, self._met = bus.clock, arm, archive, met
        self._topic = bus.endpoints.topic("signals", arm)
        self._worker = Inlet(bus, name, "inference_worker", [self._topic])
        self._binding = Binding(archive.mode)
        self._last: Signals | None = None
        self._ready: list[Section] = []
        self._held: list[Delivery] = []
        self._ended = self._joined = False
        self._asked: int | None = archive.request("latest", arm=arm)
        self._asked_ns = self._clock.monotonic_ns()

    @property
    def ended(self) -> bool:
        """Whether the stream said its end; sections before it may still wait to be taken."""
        return self._ended

    @property
    def empty(self) -> bool:
        """Whether no section waits to be taken."""
        return not self._ready

    @property
    def state(self) -> str:
        """Of the link to the worker: current, gap or stale."""
        if self._worker.stale:
            return "stale"
        return "gap" if self._worker.behind and self._joined else "current"

    @property
    def handles(self) -> list[object]:
        """What is read at present: as long as the snapshot is awaited, live signals stay in their queue."""
        live = [] if self._asked is not None else self._worker.handles
        return [*live, *self._archive.handles]

    def receive(self) -> None:
        """Take in what came; never blocks but to fill a hole from the record. Raises ModeError, RequestError."""
        self._archive.receive()
        if self._asked is not None:
            self._take_snapshot(self._asked)
        else:
            self._held += self._worker.receive()
            self._joined = self._joined or not self._worker.behind
            self._merge()

    def take(self) -> Section | None:
        """The next section, None when none is there."""
        return self._ready.pop(0) if self._ready else None

    def close(self) -> None:
        """Let go of the link."""
        self._worker.close()

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
        self._asked = None
        for section in answer or []:
            self._deliver(section)
        if self._last is not None:
            place = Place(self._last.bar, self._last.part)
            self._worker.resume(self._topic, Follower(self._topic, self._last.journal, place))

    def _merge(self) -> None:
        """Deliver in order; what the worker no longer has, the cache does."""
        while self._held:
            message = self._held[0].message
            if isinstance(message, Signals) and self._skips(message) and self._last is not None:
                for section in self._archive.history(self._arm, self._last.bar + 1, message.bar - 1, FILL_NS):
                    self._deliver(section)
            delivery = self._held.pop(0)
            for section in self._binding.sections([delivery]):
                self._deliver(section)
            self._ended = self._ended or isinstance(message, EndOfStream)

    def _skips(self, message: Signals) -> bool:
        last = self._last
        return last is not None and last.journal == message.journal and message.bar > last.bar + 1

    def _deliver(self, section: Section) -> None:
        self._last = section.signals
        self._met(section.signals.journal, section.signals.bar)
        self._ready.append(section)
