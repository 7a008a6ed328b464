"""What the worker writes into the registry: what serves, what was swapped, who halted whom. It never waits for it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from structlog.typing import FilteringBoundLogger

from alphabus.clock import Clock
from alphabus.messages import Model, Signals, Status
from common.errors import RegistryError, RegistryRowError
from common.models.records import Event, Serving
from common.models.registry import Registry

AGAIN_NS = 250_000_000
CLOSING_S = 0.4
"""A process that is told to stop is killed before long, and its children come first."""


@dataclass(frozen=True, slots=True)
class _Entry:
    event: Event
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class _Said:
    """Something was said, perhaps without a row: whoever said it may have been killed before."""

    serving: Serving


class Ledger:
    """Appends rows at once, or as soon as the registry takes them; none is lost, and their order stays."""

    def __init__(self, registry: Registry, instance: str, clock: Clock, log: FilteringBoundLogger) -> None:
        self._registry, self._instance, self._clock, self._log = registry, instance, clock, log
        self._facts: dict[str, tuple[bytes, Model]] = {}  # on record, or waiting to be
        self._unwritten: deque[_Entry | _Said | Serving] = deque()
        self._again_ns, self._told = 0, ""

    @property
    def behind(self) -> bool:
        """Whether something is not on record yet."""
        return bool(self._unwritten)

    def serve(self, signals: Signals) -> None:
        """Append a serving row when another model than before speaks for an arm."""
        fact = (signals.journal, signals.model)
        if self._facts.get(signals.arm) == fact:
            return
        self._facts[signals.arm] = fact
        self._unwritten.append(_serving(self._instance, signals, signals.bar, signals.time))
        self._write()

    def recall(self, signals: Signals) -> None:
        """Take what was said before this start: a serving row that it should have, and has not, is appended."""
        origin = signals.computed_from
        if origin is not None and signals.status in {Status.FRESH, Status.LATE, Status.HELD}:
            self._unwritten.append(_Said(_serving(self._instance, signals, origin.bar, origin.time)))
            self._write()

    def note(self, event: Event, *, by: str, why: str) -> bool:
        """Append a row of history; False when it is not on record: it has to wait, or the tables do not allow it."""
        self._unwritten.append(_Entry(event, by, why))
        return self._write()

    def catch_up(self) -> None:
        """Try again what had to wait."""
        if self._unwritten and self._clock.monotonic_ns() >= self._again_ns:
            self._write()

    def close(self) -> None:
        """Write what had to wait, if that is possible in a moment; say what is lost."""
        if self._unwritten:
            self._registry.wait_up_to(CLOSING_S)
            self._write()
        for entry in self._unwritten:
            self._log.error("not_recorded", entry=str(entry), error=self._told)

    def _write(self) -> bool:
        """Write all that waits, in order; whether the newest of it is on record now."""
        written = True
        while self._unwritten:
            try:
                self._record(self._unwritten[0])
                written = True
            except RegistryRowError as error:  # it never will be, such as of a version that never was
                self._log.error("not_recorded", entry=str(self._unwritten[0]), error=str(error))
                written = False
            except RegistryError as error:  # busy, full, read-only, broken: somebody may mend it
                self._wait(str(error))
                return False
            self._unwritten.popleft()
        self._told = ""
        return written

    def _wait(self, error: str) -> None:
        self._again_ns = self._clock.monotonic_ns() + AGAIN_NS
        if error != self._told:
            self._told = error
            self._log.warning("not_recorded_yet", waiting=len(self._unwritten), error=error)

    def _record(self, entry: _Entry | _Said | Serving) -> None:
        match entry:
            case _Entry(event=event, by=by, why=why):
                self._registry.record(event, by=by, why=why)
            case _Said(serving=serving):
                self._record_missing(serving)
            case Serving():
                self._registry.record_serving(entry)

    def _record_missing(self, said: Serving) -> None:
        known = self._registry.served_at(said.instance, said.arm, said.bar, journal=said.journal)
        if known is None or (known.name, known.version) != (said.name, said.version):
            self._registry.record_serving(said)


def _serving(instance: str, signals: Signals, bar: int, time: int) -> Serving:
    return Serving(
        instance, signals.journal, signals.mode.value, signals.arm, bar, time, signals.model.name, signals.model.version
    )
