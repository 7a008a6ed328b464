"""What a trading engine uses: live signals from the worker, the latest one and history from the cache, merged."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from alphabus.bus import Bus
from alphabus.clock import Clock, SystemClock
from alphabus.codec import decode
from alphabus.continuity import Follower, Place
from alphabus.endpoints import Endpoints, default_run_dir
from alphabus.errors import DecodeError, ModeError, RequestError
from alphabus.inlet import Inlet
from alphabus.messages import Announcement, Delivery, EndOfStream, Flag, Mode, Phase, Signals, Universe
from alphabus.sockets import Transport, Waiter, ZmqTransport, wait_on

SECOND_NS = 1_000_000_000
WAIT_NS = SECOND_NS // 5
SNAPSHOT_NS = 2 * SECOND_NS
MAX_DUE = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A signal section with its symbols; `values` f8[S] is NaN where `flags` u1[S] is not 0."""

    symbols: tuple[str, ...]
    signals: Signals

    @property
    def values(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """One value a symbol."""
        return self.signals.columns["signal"]  # type: ignore[return-value]  # the codec made it f8

    @property
    def flags(self) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        """Why a symbol has no value; see `Flag`."""
        return self.signals.columns["flag"]  # type: ignore[return-value]  # the codec made it u1

    def by_symbol(self) -> dict[str, float]:
        """The symbols that have a value."""
        pairs = zip(self.symbols, self.values.tolist(), self.flags.tolist(), strict=True)
        return {symbol: value for symbol, value, flag in pairs if flag == Flag.OK}


class SignalClient:
    """Iterate over the signals of one arm: the latest section first, then each that follows, none twice.

    A section of another mode than was asked for is refused (ModeError): nobody is to trade a replay by mistake.
    Iteration ends when the stream does. `overdue` says that a section was announced, its time came, and no signal did.
    """

    def __init__(
        self,
        instance: str,
        arm: str = "champion",
        *,
        mode: Mode | str = Mode.LIVE,
        run_dir: Path | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
        wait: Waiter = wait_on,
        grace_ns: int = SECOND_NS,
    ) -> None:
        """Connect; raises EndpointError for an instance that cannot have an address."""
        endpoints = Endpoints(run_dir or default_run_dir(), instance)
        self._own = None if transport is not None else ZmqTransport()
        bus = Bus(endpoints, transport or self._own or ZmqTransport(), clock or SystemClock())
        self._clock, self._wait, self._arm, self._mode = bus.clock, wait, arm, Mode(mode)
        self._topic = endpoints.topic("signals", arm)
        name = f"client-{time.time_ns()}"
        self._cache = Inlet(bus, name, "signal_cache", [])
        self._worker = Inlet(bus, name, "inference_worker", [self._topic])
        self._announced = bus.transport.subscriber(endpoints.live("bar_feed"), [endpoints.topic("announcements")])
        self._watch = _DueWatch(bus.clock, grace_ns)
        self._symbols: dict[bytes, tuple[str, ...]] = {}
        self._last: Signals | None = None
        self._ready: list[Section] = []
        self._held: list[Delivery] = []
        self._ended = self._joined = False
        self._asked: int | None = self._cache.request("latest", arm=arm)
        self._asked_ns = self._clock.monotonic_ns()

    def __enter__(self) -> Self:
        """The client itself; leaving closes it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Section]:
        """Sections as they come, for as long as the stream lasts."""
        while True:
            section = self.receive(WAIT_NS)
            if section is not None:
                yield section
            elif self._ended:
                return

    @property
    def ended(self) -> bool:
        """Whether the stream said its end, and everything before it was received."""
        return self._ended and not self._ready

    @property
    def overdue(self) -> bool:
        """Whether an announced section is past due and no signal for it came."""
        return self._watch.overdue

    @property
    def link(self) -> str:
        """State of the link: current, gap, stale or overdue."""
        if self.overdue:
            return "overdue"
        if self._worker.stale:
            return "stale"
        return "gap" if self._worker.behind and self._joined else "current"

    def receive(self, timeout_ns: int) -> Section | None:
        """The next section, None when none came in time."""
        until = self._clock.monotonic_ns() + timeout_ns
        while True:
            self._pump()
            if self._ready:
                return self._ready.pop(0)
            left = until - self._clock.monotonic_ns()
            if left <= 0 or self._ended:
                return None
            self._wait(self._handles(), min(left, WAIT_NS))

    def latest(self, timeout_ns: int = 5 * SECOND_NS) -> Section | None:
        """The cache's latest section, None before the first; raises RequestError when the cache does not answer."""
        found = self._ask(timeout_ns, "latest", arm=self._arm)
        return found[-1] if found else None

    def history(self, first_bar: int, last_bar: int, timeout_ns: int = 5 * SECOND_NS) -> list[Section]:
        """The cache's sections of these bars (both included), revisions after what they revise; raises RequestError."""
        sections: list[Section] = []
        while first_bar <= last_bar:
            page = self._ask(timeout_ns, "history", arm=self._arm, **{"from": first_bar, "to": last_bar})
            known = {(section.signals.bar, section.signals.revision) for section in sections}
            new = [section for section in page if (section.signals.bar, section.signals.revision) not in known]
            if not new:
                break
            sections += new
            first_bar = new[-1].signals.bar
        return sections

    def close(self) -> None:
        """Let go of every link."""
        for link in (self._cache, self._worker, self._announced):
            link.close()
        if self._own is not None:
            self._own.close()

    def _handles(self) -> list[object]:
        """What is read at present: as long as the snapshot is awaited, live signals stay in their queue."""
        live = [] if self._asked is not None else self._worker.handles
        return [*live, *self._cache.handles, self._announced.handle]

    def _pump(self) -> None:
        while (frames := self._announced.receive()) is not None:
            self._watch.hear(frames)
        self._cache.receive()
        if self._asked is not None:
            self._take_snapshot(self._asked)
        else:
            self._held += self._worker.receive()
            self._joined = self._joined or not self._worker.behind
            self._merge()

    def _take_snapshot(self, asked: int) -> None:
        """Before anything live: what was the latest? A cache that is away does not keep signals from flowing."""
        answer = self._cache.answer(asked)
        waited = self._clock.monotonic_ns() - self._asked_ns
        if answer is None and waited < SNAPSHOT_NS:
            if not self._cache.awaits(asked):
                self._asked = self._cache.request("latest", arm=self._arm)
            return
        self._asked = None
        if answer is not None and answer[0].error is not None:
            raise RequestError(answer[0].error)
        for section in self._sections(answer[1] if answer else []):
            self._deliver(section)
        if self._last is not None:
            place = Place(self._last.bar, self._last.part)
            self._worker.resume(self._topic, Follower(self._topic, self._last.journal, place))

    def _merge(self) -> None:
        """Deliver in order; what the worker no longer has, the cache does."""
        while self._held:
            message = self._held[0].message
            if isinstance(message, Signals) and self._skips(message) and self._last is not None:
                for section in self.history(self._last.bar + 1, message.bar - 1):
                    self._deliver(section)
            delivery = self._held.pop(0)
            for section in self._sections([delivery]):
                self._deliver(section)
            self._ended = self._ended or isinstance(message, EndOfStream)

    def _skips(self, message: Signals) -> bool:
        last = self._last
        return last is not None and last.journal == message.journal and message.bar > last.bar + 1

    def _deliver(self, section: Section) -> None:
        self._last = section.signals
        self._watch.met(section.signals.bar)
        self._ready.append(section)

    def _sections(self, deliveries: list[Delivery]) -> list[Section]:
        found = []
        for delivery in deliveries:
            message = delivery.message
            if isinstance(message, Universe):
                self._symbols[message.universe] = message.symbols
            elif isinstance(message, Signals):
                self._check_mode(message)
                found.append(Section(self._symbols_of(message), message))
        return found

    def _check_mode(self, message: Signals) -> None:
        if message.mode is not self._mode:
            raise ModeError(
                f"the sections of {message.arm!r} are of mode {message.mode.value!r}, and {self._mode.value!r} was "
                f"asked for: SignalClient(..., mode={message.mode.value!r}) takes them"
            )

    def _symbols_of(self, message: Signals) -> tuple[str, ...]:
        if message.universe not in self._symbols:
            raise RequestError(f"no list of symbols came before bar {message.bar} of {message.arm!r}: connect again")
        return self._symbols[message.universe]

    def _ask(self, timeout_ns: int, verb: str, **arguments: int | str | bytes) -> list[Section]:
        until = self._clock.monotonic_ns() + timeout_ns
        question = self._cache.request(verb, **arguments)
        while (answer := self._cache.answer(question)) is None:
            left = until - self._clock.monotonic_ns()
            if left <= 0:
                raise RequestError(f"the signal cache did not answer {verb!r} in {timeout_ns / SECOND_NS:g} s")
            if not self._cache.awaits(question):
                question = self._cache.request(verb, **arguments)
            self._wait(self._cache.handles, min(left, WAIT_NS))
            self._cache.receive()
        if answer[0].error is not None:
            raise RequestError(answer[0].error)
        return self._sections(answer[1])


class _DueWatch:
    """Remembers the announcements no signal has met yet, and whether the oldest of them is overdue."""

    def __init__(self, clock: Clock, grace_ns: int) -> None:
        self._clock, self._grace_ns = clock, grace_ns
        self._journal = b""
        self._due: dict[int, int] = {}  # bar -> monotonic ns, in order

    @property
    def overdue(self) -> bool:
        oldest = next(iter(self._due.values()), None)
        return oldest is not None and self._clock.monotonic_ns() > oldest + self._grace_ns

    def hear(self, frames: list[bytes]) -> None:
        try:
            message = decode(frames).message
        except DecodeError:
            return
        if isinstance(message, EndOfStream):
            self._due.clear()
        elif isinstance(message, Announcement) and message.phase is Phase.DUE:
            if message.journal != self._journal:
                self._journal, self._due = message.journal, {}
            if len(self._due) < MAX_DUE:  # only the oldest counts; the newest may go untold
                self._due.setdefault(message.bar, self._clock.monotonic_ns() + message.due_in_ns)

    def met(self, bar: int) -> None:
        self._due = {waiting: due for waiting, due in self._due.items() if waiting > bar}
