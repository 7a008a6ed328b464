"""What a trading engine uses: live signals from the worker, the latest one and history from the cache, merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import time_ns as wall_time_ns
from types import TracebackType
from typing import Self

from alphabus.agenda import Agenda
from alphabus.archive import WAIT_NS, Archive
from alphabus.arm_stream import ArmStream
from alphabus.bus import Bus
from alphabus.clock import Clock, SystemClock
from alphabus.errors import NoSectionError, RequestError
from alphabus.lookup import Lookup
from alphabus.lost import Counts, Lost
from alphabus.messages import Mode
from alphabus.modes import mode_of
from alphabus.moments import Duration, Time, duration_ns, time_ns
from alphabus.section import Section
from alphabus.security.refusals import Refusals
from alphabus.security.transport import meeting_place
from alphabus.sockets import Transport, Waiter, wait_on

__all__ = ["Section", "SignalClient"]

SECOND_NS = 1_000_000_000


class SignalClient:
    """Iterate over the signals of one arm: the latest section first, then each that follows, none twice.

    A section of another mode than was asked for is refused (ModeError): nobody is to trade a replay by mistake.
    Iteration ends when the stream does. `overdue` says that a section was announced, its time came, and no signal did.
    `get_signal` asks for the section of one bar, of any arm, beside the iteration or without it.
    """

    def __init__(
        self,
        instance: str,
        arm: str = "champion",
        *,
        mode: Mode | str = Mode.LIVE,
        run_dir: Path | str | None = None,
        keys: Path | str | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
        wait: Waiter = wait_on,
        grace_ns: int = SECOND_NS,
    ) -> None:
        """Connect; raises EndpointError for an instance that cannot have an address, ModeError for a mode that is none.

        `keys` is the folder of a client's card, for an instance on another host; raises KeyFileError.
        """
        chosen = mode_of(mode)
        self._lost, self._refusals = Lost(), Refusals()
        endpoints, self._own = meeting_place(instance, run_dir, keys, self._refusals)
        self._bus = Bus(endpoints, transport or self._own, clock or SystemClock(), self._lost.refused, self._lost.found)
        self._clock, self._wait, self._arm = self._bus.clock, wait, arm
        self._name = f"client-{wall_time_ns()}"
        self._archive = Archive(self._bus, self._name, chosen, wait)
        self._agenda = Agenda(self._bus, self._name, grace_ns)
        self._stream = ArmStream(self._bus, self._name, arm, self._archive, self._agenda.met)
        self._lookup: Lookup | None = None

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
            elif self._stream.ended:
                return

    @property
    def ended(self) -> bool:
        """Whether the stream said its end, and everything before it was received."""
        return self._stream.ended and self._stream.empty

    @property
    def overdue(self) -> bool:
        """Whether an announced section is past due and no signal for it came."""
        return self._agenda.overdue

    @property
    def link(self) -> str:
        """State of the link: current, gap, stale, overdue; refused where nothing comes since we are not let in."""
        if self.overdue:
            return "overdue"
        state = "stale" if self._agenda.stale else self._stream.state
        return "refused" if state != "current" and self.refusals else state

    @property
    def losses(self) -> Counts:
        """What was lost on the links so far, and mended or left out: how many, by writer and kind."""
        return self._lost.counts

    @property
    def refusals(self) -> Mapping[str, str]:
        """Services that do not let us in at present, and why; they are tried again and again."""
        return self._refusals.of(self._bus.endpoints)

    def receive(self, timeout_ns: int) -> Section | None:
        """The next section, None when none came in time."""
        until = self._clock.monotonic_ns() + timeout_ns
        while True:
            self._agenda.receive()
            self._stream.receive()
            self._agenda.end(self._stream.end)
            if (section := self._stream.take()) is not None:
                return section
            left = until - self._clock.monotonic_ns()
            if left <= 0 or self._stream.ended:
                return None
            self._wait([*self._stream.handles, *self._agenda.handles], min(left, WAIT_NS))

    def get_signal(self, time: Time, wait: Duration, arm: str | None = None) -> Section | None:
        """The section of the bar that closes at `time` (ns, or a datetime with a zone), of its own arm or another.

        What is on record comes at once, what is being worked on as soon as it is there. Once `wait` (ns, or a
        timedelta) has passed the section before it comes, `held` with reason `wait`; None when there is none. Raises
        NoSectionError where none closes or will, RequestError for an unknown arm, or when no process told anything.
        """
        if self._lookup is None:
            self._lookup = Lookup(self._bus, self._name, self._archive, self._agenda, self._wait)
        with self._saying_who_refuses():
            return self._lookup.find(time_ns(time), duration_ns(wait), self._arm if arm is None else arm)

    def latest(self, timeout_ns: int = 5 * SECOND_NS) -> Section | None:
        """The cache's latest section, None before the first; raises RequestError when the cache does not answer."""
        with self._saying_who_refuses():
            return self._archive.latest(self._arm, timeout_ns)

    def history(self, first_bar: int, last_bar: int, timeout_ns: int = 5 * SECOND_NS) -> list[Section]:
        """The cache's sections of these bars (both included), revisions after what they revise; raises RequestError."""
        with self._saying_who_refuses():
            return self._archive.history(self._arm, first_bar, last_bar, timeout_ns)

    def close(self) -> None:
        """Let go of every link."""
        if self._lookup is not None:
            self._lookup.close()
        for link in (self._archive, self._stream, self._agenda):
            link.close()
        self._own.close()

    @contextmanager
    def _saying_who_refuses(self) -> Iterator[None]:
        """A cache that does not let us in never answers: then its silence has a reason."""
        try:
            yield
        except RequestError as error:
            why = self.refusals.get("signal_cache")
            if why is None or isinstance(error, NoSectionError):
                raise
            raise RequestError(f"{error}; it refuses us: {why}") from error
