"""The pipeline as a trading engine sees it, publishing what a script says, when the test says so."""

from __future__ import annotations

import select
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from alphabus.asked import named_journal
from alphabus.bus import Bus
from alphabus.client import SignalClient
from alphabus.clock import ManualClock
from alphabus.messages import Announcement, EndOfStream, Heartbeat, Phase, Request, Signals, Streamed, Universe
from alphabus.outbox import CHUNK, Outbox, Page
from alphabus.outlet import Outlet

BUDGET_BYTES = 64 * 1024 * 1024
MOMENT_NS = 1_000_000  # time never stands still, or a reader that leaves something unread would wait for ever
FEED, WORKER, CACHE = "bar_feed", "inference_worker", "signal_cache"


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a script; `topic` without the instance: `signals/champion`, `announcements`."""

    topic: str
    message: Streamed


class ScriptedFeed:
    """Plays its lines in order through real Outlets of feed and worker, and answers for worker and cache."""

    def __init__(self, bus: Bus, clock: ManualClock, script: Iterable[Line] = ()) -> None:
        """Bind the endpoints of feed, worker and cache; raises EndpointError."""
        self._bus, self._clock, self._lines = bus, clock, iter(script)
        self._record = Outbox(BUDGET_BYTES)
        self._played: list[Line] = []
        self._outlets = {service: Outlet(bus, service, epoch=1) for service in (FEED, WORKER, CACHE)}

    @property
    def outlets(self) -> Mapping[str, Outlet]:
        """By service; one that was stopped is absent."""
        return self._outlets

    def client(self, arm: str = "champion") -> SignalClient:
        """A client of this pipeline: when it waits, the script goes on, and once that is over, the clock."""
        endpoints = self._bus.endpoints
        return SignalClient(
            endpoints.instance,
            arm,
            run_dir=endpoints.run_dir,
            transport=self._bus.transport,
            clock=self._clock,
            wait=self.wait,
        )

    def play(self, count: int = 1) -> int:
        """Publish up to `count` lines; how many there were."""
        played = 0
        while played < count and (line := next(self._lines, None)) is not None:
            self.publish(line)
            played += 1
        return played

    def publish(self, line: Line) -> None:
        """Publish a line that is not in the script."""
        topic = self._bus.endpoints.topic(*line.topic.split("/"))
        outlet = self._outlets[WORKER if line.topic.startswith("signals/") else FEED]
        self._record.add(topic, line.message, outlet.publish(topic, line.message))
        self._played.append(line)

    def beat(self) -> None:
        """Every process gives a sign of life."""
        for service, outlet in self._outlets.items():
            outlet.beat(Heartbeat(service, 1, bytes(16), 0, 0, {}, {}))

    def serve(self) -> None:
        """Answer what was asked: `replay`, and `latest`, `at`, `history` and `due` of what was played."""
        for outlet in self._outlets.values():
            outlet.serve(self._record, self._answer)

    def wait(self, handles: Sequence[object], timeout_ns: int) -> None:
        """Serve; when nothing came of it play a line; when none is left let `timeout_ns` pass, else a moment."""
        self.serve()
        idle = not _readable(handles) and not self.play()
        self._clock.advance(timeout_ns if idle else min(timeout_ns, MOMENT_NS))

    def stop(self, service: str) -> None:
        """This process dies; `restart` brings it back."""
        self._outlets.pop(service).close()

    def restart(self, service: str = WORKER, epoch: int = 2) -> None:
        """Come back as after a crash: another epoch, the same record."""
        if service in self._outlets:
            self.stop(service)
        self._outlets[service] = Outlet(self._bus, service, epoch)

    def close(self) -> None:
        """Let go of the endpoints."""
        for service in tuple(self._outlets):
            self.stop(service)

    def _answer(self, request: Request) -> Page:
        arguments = request.arguments
        topic = "signals/" + str(arguments.get("arm", "champion"))
        sections = [line.message for line in self._played if line.topic == topic and isinstance(line.message, Signals)]
        if request.verb == "latest":
            return self._page(topic, sections[-1:])
        if request.verb == "due":
            return self._due()
        if request.verb == "at":
            return self._page(topic, _around(sections, _whole(arguments, "time")))
        if request.verb == "history":
            first, last = _first_bar(sections, request), _whole(arguments, "to")
            if first is None:
                return self._page(topic, ())
            found = (section for section in _present(sections) if first <= section.bar <= last)
            return self._page(topic, list(islice(found, CHUNK)), self._end(topic, request))
        raise LookupError(f"a scripted feed does not answer {request.verb!r}")

    def _due(self) -> Page:
        said = [line.message for line in self._played if isinstance(line.message, Announcement)]
        due = [message for message in said[-1:] if message.phase is Phase.DUE]
        topic = self._bus.endpoints.topic("announcements")
        return Page([self._outlets[FEED].frames_of(topic, message) for message in due], complete=True)

    def _end(self, topic: str, request: Request) -> Sequence[EndOfStream]:
        """What a numbering that was named ends with, unless the stream went on."""
        said = [each.message for each in self._played if each.topic == topic]
        last = next((it for it in reversed(said) if isinstance(it, Signals | EndOfStream)), None)
        return [last] if isinstance(last, EndOfStream) and named_journal(request) else []

    def _page(self, topic: str, sections: Sequence[Signals], end: Sequence[EndOfStream] = ()) -> Page:
        named = {section.universe for section in sections}
        played = [line.message for line in self._played if line.topic == topic]
        universes = [found for found in played if isinstance(found, Universe) and found.universe in named]
        full = self._bus.endpoints.topic(*topic.split("/"))
        outlet = self._outlets[CACHE]
        messages: list[Streamed] = [*universes, *sections, *end]
        return Page([outlet.frames_of(full, message) for message in messages], complete=True)


def _around(sections: Sequence[Signals], time: int) -> list[Signals]:
    """The last revision of the section that closes at `time`; if there is none, of those before and after it."""
    found = {section.time: section for section in sections}
    if time in found:
        return [found[time]]
    earlier, later = [it for it in found if it < time], [it for it in found if it > time]
    return [found[it] for it in (*sorted(earlier)[-1:], *sorted(later)[:1])]


def _present(sections: Sequence[Signals]) -> Iterator[Signals]:
    """Those of the numbering that is on record: the one before it is put aside when another begins."""
    return (section for section in sections if section.journal == sections[-1].journal)


def _first_bar(sections: Sequence[Signals], request: Request) -> int | None:
    """The one asked for; the first of all where the numbering was left, None where it never was on record."""
    journal, first = named_journal(request), _whole(request.arguments, "from")
    known = [section.journal for section in sections]
    if journal in (b"", *known[-1:]):
        return first
    return 0 if journal in known else None


def _whole(arguments: Mapping[str, int | str | bytes], name: str) -> int:
    value = arguments.get(name, 0)
    if not isinstance(value, int):
        raise ValueError(f"{name} is a whole number")  # noqa: TRY004  a refused argument
    return value


def _readable(handles: Sequence[object]) -> bool:
    poll = select.poll()
    for handle in handles:
        if isinstance(handle, int):
            poll.register(handle, select.POLLIN)
    return bool(poll.poll(0))
