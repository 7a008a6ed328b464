"""Finding the section of one bar by its close time: on record, live as it comes, or the one before it, held."""

from __future__ import annotations

from collections.abc import Callable

from alphabus.agenda import Agenda
from alphabus.archive import WAIT_NS, Archive
from alphabus.bus import Bus
from alphabus.errors import RequestError
from alphabus.inlet import Inlet
from alphabus.search import Newest, Search, held
from alphabus.section import Binding, Section
from alphabus.sockets import Waiter

ANSWER_NS = 1_000_000_000
PRECOMPUTED, LIVE = "precomputed", "champion"
"""Who computes what was not computed ahead."""


class Lookup:
    """Asks the cache and listens to the worker at once; an arm is listened to from its first question on."""

    def __init__(self, bus: Bus, name: str, archive: Archive, agenda: Agenda, wait: Waiter) -> None:
        """Connect; raises EndpointError."""
        self._clock, self._wait = bus.clock, wait
        self._topic: Callable[[str], str] = lambda arm: bus.endpoints.topic("signals", arm)
        self._archive, self._agenda = archive, agenda
        self._worker = Inlet(bus, name, "inference_worker", [])
        self._binding = Binding(archive.mode)
        self._newest: dict[str, Newest] = {}
        self._joins: dict[str, int] = {}

    def find(self, time: int, wait_ns: int, arm: str) -> Section | None:
        """The section that closes at `time`; once `wait_ns` have passed the one before it, held; None before any.

        Of the arm `precomputed`: the section on file, else the champion's. Raises NoSectionError for a time at which
        none closes, RequestError for an unknown arm or when nothing is known.
        """
        start = self._clock.monotonic_ns()
        ends = start + wait_ns
        self._archive.receive()  # whoever asks seldom has its signs of life still before it
        # Without the cache's word nothing can be said of the past: it gets a moment, unless it is known to be away.
        patience = ends if self._archive.stale else max(ends, start + ANSWER_NS)
        if arm == PRECOMPUTED:
            arm = LIVE
            self._listen(arm)
            if (section := self._on_file(time, patience)) is not None:
                return section
        self._listen(arm)
        search = Search(time, arm, self._ask(arm, time), start)
        while (section := self._look(search)) is None:
            now = self._clock.monotonic_ns()
            left = (ends if search.answered else patience) - now
            if left <= 0:
                return self._held(search)
            self._wait(self._handles(), min(left, WAIT_NS))
        self._agenda.met(section.signals.journal, section.signals.bar)
        return section

    def close(self) -> None:
        """Let go of the link."""
        self._worker.close()

    def _on_file(self, time: int, until: int) -> Section | None:
        """The section computed ahead for the bar that closes at `time`; None if there is none, or no answer in time."""
        question, asked = self._ask(PRECOMPUTED, time), self._clock.monotonic_ns()
        while (answer := self._archive.answer(question)) is None:
            left = until - (now := self._clock.monotonic_ns())
            if left <= 0:
                return None
            if not self._archive.awaits(question) and now - asked >= WAIT_NS:
                question, asked = self._ask(PRECOMPUTED, time), now
            self._wait(self._archive.handles, min(left, WAIT_NS))
            self._archive.receive()
        return next((section for section in answer if section.signals.time == time), None)

    def _handles(self) -> list[object]:
        return [*self._worker.handles, *self._archive.handles, *self._agenda.handles]

    def _listen(self, arm: str) -> None:
        if arm not in self._newest:
            self._newest[arm] = Newest()
            self._worker.follow(self._topic(arm))

    def _ask(self, arm: str, time: int) -> int:
        return self._archive.request("at", arm=arm, time=time)

    def _look(self, search: Search) -> Section | None:
        """Take in everything that came; the section if it is there by now."""
        self._agenda.receive()
        self._agenda.announced(search.time)
        sections = self._binding.sections(self._worker.receive())
        joins = self._worker.followers[self._topic(search.arm)].joins
        if joins != self._joins.get(search.arm):
            # What was lost meanwhile, the worker may have no more: the record does.
            self._joins[search.arm] = joins
            self._newest[search.arm] = Newest()
        for section in sections:
            self._newest.setdefault(section.signals.arm, Newest()).take(section)
        found = self._newest[search.arm].sections.get(search.time)
        if self._worker.is_behind(self._topic(search.arm)):
            found = None  # a revision of it may be what is missing: the record knows
        return found or self._look_at_record(search)

    def _look_at_record(self, search: Search) -> Section | None:
        self._archive.receive()
        try:
            answer = self._archive.answer(search.question)
        except RequestError:
            self._forget(search.arm)
            raise
        found = None if answer is None else search.take(answer)
        self._ask_again(search)
        return found

    def _ask_again(self, search: Search) -> None:
        """Now and then: what the live link lost, the record has."""
        now = self._clock.monotonic_ns()
        if not self._archive.awaits(search.question) and now - search.asked_ns >= WAIT_NS:
            search.question, search.asked_ns = self._ask(search.arm, search.time), now

    def _forget(self, arm: str) -> None:
        """The cache does not know this arm: nothing is to be expected of it."""
        self._worker.unfollow(self._topic(arm))
        del self._newest[arm]

    def _held(self, search: Search) -> Section | None:
        known = search.around | self._newest[search.arm].sections
        if search.time in known:
            return known[search.time]
        earlier = [time for time in known if time < search.time]
        if earlier:
            return held(known[max(earlier)], search.time, self._agenda.announced(search.time))
        if search.answered:
            return None
        raise RequestError(f"the signal cache did not answer, and no earlier section of {search.arm!r} came live")
