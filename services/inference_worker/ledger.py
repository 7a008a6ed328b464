"""What the worker writes into the registry: what serves, what was swapped, who halted whom. It never waits for it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from structlog.typing import FilteringBoundLogger

from alphabus.clock import Clock
from alphabus.messages import Model, Signals
from common.errors import RegistryBusyError, RegistryError
from common.models.records import Event, Serving
from common.models.registry import Registry

AGAIN_NS = 250_000_000


@dataclass(frozen=True, slots=True)
class _Entry:
    event: Event
    by: str
    why: str


class Ledger:
    """Appends rows at once, or as soon as no other process is writing; none is lost, and their order stays."""

    def __init__(self, registry: Registry, instance: str, clock: Clock, log: FilteringBoundLogger) -> None:
        self._registry, self._instance, self._clock, self._log = registry, instance, clock, log
        self._recorded: dict[str, tuple[bytes, Model]] = {}
        self._unwritten: deque[_Entry | Serving] = deque()
        self._again_ns = 0

    @property
    def behind(self) -> bool:
        """Whether something is not on record yet."""
        return bool(self._unwritten)

    def serve(self, signals: Signals) -> None:
        """Append a serving row when another model than before speaks for an arm."""
        fact = (signals.journal, signals.model)
        if self._recorded.get(signals.arm) == fact:
            return
        self._recorded[signals.arm] = fact
        self._unwritten.append(_serving(self._instance, signals))
        self._write()

    def note(self, event: Event, *, by: str, why: str) -> bool:
        """Append a row of history; False when it has to wait."""
        self._unwritten.append(_Entry(event, by, why))
        self._write()
        return not self.behind

    def catch_up(self) -> None:
        """Try again what had to wait."""
        if self._unwritten and self._clock.monotonic_ns() >= self._again_ns:
            self._write()

    def close(self) -> None:
        """Write what had to wait, if that is possible now."""
        self._write()

    def _write(self) -> None:
        while self._unwritten:
            try:
                self._record(self._unwritten[0])
            except RegistryBusyError as error:
                self._again_ns = self._clock.monotonic_ns() + AGAIN_NS
                self._log.warning("not_recorded_yet", waiting=len(self._unwritten), error=str(error))
                return
            except RegistryError as error:  # it never will be, such as of a version that was removed
                self._log.error("not_recorded", entry=str(self._unwritten[0]), error=str(error))
            self._unwritten.popleft()

    def _record(self, entry: _Entry | Serving) -> None:
        if isinstance(entry, Serving):
            self._registry.record_serving(entry)
        else:
            self._registry.record(entry.event, by=entry.by, why=entry.why)


def _serving(instance: str, signals: Signals) -> Serving:
    return Serving(
        instance, signals.journal, signals.mode.value, signals.arm, signals.bar, signals.time,
        signals.model.name, signals.model.version,
    )  # fmt: skip
