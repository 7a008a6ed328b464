"""The signal cache as the client asks it: the latest section, those of some bars, the one of a close time."""

from __future__ import annotations

from collections.abc import Sequence

from alphabus.bus import Bus
from alphabus.errors import RequestError
from alphabus.inlet import Inlet
from alphabus.messages import Mode
from alphabus.record_page import RecordPage
from alphabus.section import Binding, Section
from alphabus.sockets import Waiter

WAIT_NS = 200_000_000


class Archive:
    """A link to the signal cache; answers are awaited, or looked for."""

    def __init__(self, bus: Bus, name: str, mode: Mode, wait: Waiter) -> None:
        """Connect; raises EndpointError."""
        self._inlet = Inlet(bus, name, "signal_cache", [])
        self.mode = mode
        self._binding = Binding(mode)
        self._clock, self._wait = bus.clock, wait

    @property
    def handles(self) -> list[object]:
        """What a poller waits on."""
        return self._inlet.handles

    @property
    def stale(self) -> bool:
        """Whether nothing at all came from the cache for three heartbeats."""
        return self._inlet.stale

    @property
    def silent(self) -> bool:
        """Whether nothing came for as long while this machine was awake."""
        return self._inlet.silent

    def receive(self) -> None:
        """Take in what came; never blocks."""
        self._inlet.receive()

    def request(self, verb: str, **arguments: int | str | bytes) -> int:
        """Ask; the answer is looked for with `answer`."""
        return self._inlet.request(verb, **arguments)

    def awaits(self, question: int) -> bool:
        """Whether the question may still be answered."""
        return self._inlet.awaits(question)

    def answer(self, question: int) -> Sequence[Section] | None:
        """The sections of an answer that is there, else None; raises RequestError when the cache refused."""
        page = self.page(question)
        return None if page is None else page.sections

    def page(self, question: int) -> RecordPage | None:
        """The same, with the numbering that they are of."""
        found = self._inlet.answer(question)
        if found is None:
            return None
        reply, deliveries = found
        if reply.error is not None:
            raise RequestError(reply.error)
        return RecordPage.of(deliveries, self._binding.sections(deliveries))

    def ask(self, timeout_ns: int, verb: str, **arguments: int | str | bytes) -> Sequence[Section]:
        """Ask and wait, again while no answer comes; raises RequestError when there is none in time."""
        until = self._clock.monotonic_ns() + timeout_ns
        question = self.request(verb, **arguments)
        while (answer := self.answer(question)) is None:
            left = until - self._clock.monotonic_ns()
            if left <= 0:
                raise RequestError(f"the signal cache did not answer {verb!r} in {timeout_ns / 1e9:g} s")
            if not self.awaits(question):
                question = self.request(verb, **arguments)
            self._wait(self.handles, min(left, WAIT_NS))
            self.receive()
        return answer

    def latest(self, arm: str, timeout_ns: int) -> Section | None:
        """The latest section, None before the first; raises RequestError."""
        found = self.ask(timeout_ns, "latest", arm=arm)
        return found[-1] if found else None

    def history(self, arm: str, first_bar: int, last_bar: int, timeout_ns: int) -> list[Section]:
        """The sections of these bars (both included), revisions after what they revise; raises RequestError."""
        sections: dict[tuple[bytes, int, int], Section] = {}
        following = first_bar
        while following <= last_bar:
            page = self.ask(timeout_ns, "history", arm=arm, **{"from": following, "to": last_bar})
            new = {_key(section): section for section in page}
            if not new.keys() - sections.keys():
                break
            journal, following, _ = next(reversed(new))
            if any(known[0] != journal for known in sections):  # its numbering began anew: none of it is of before
                sections, following = {}, first_bar
            else:
                sections |= new
        return list(sections.values())

    def close(self) -> None:
        """Let go of the link."""
        self._inlet.close()


def _key(section: Section) -> tuple[bytes, int, int]:
    signals = section.signals
    return signals.journal, signals.bar, signals.revision
