"""What the worker writes into the registry: what serves, what was swapped, who halted whom. It never waits for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from alphabus.clock import Clock
from alphabus.messages import Model, Signals, Status
from common.errors import RegistryBusyError, RegistryError, RegistryRowError
from common.models.records import Event, Serving
from common.models.registry import Registry
from services.inference_worker.actions import Told
from services.inference_worker.roster.backlog import Backlog
from services.inference_worker.roster.rows import Noted, Row, Served

AGAIN_NS = 250_000_000
PATIENCE_NS = 5_000_000_000
"""Another process that writes for longer than this is worth an alert."""
CLOSING_S = 0.4
"""A process that is told to stop is killed before long, and its children come first."""

Tell = Callable[[str, Told], None]


class Ledger:
    """Appends rows at once, or as soon as the registry takes them; none is lost, and their order stays.

    What has to wait is on file meanwhile, and offered again by the next worker, should this one be killed.
    """

    def __init__(self, registry: Registry, instance: str, clock: Clock, backlog: Backlog, tell: Tell) -> None:
        self._registry, self._instance, self._clock = registry, instance, clock
        self._backlog, self._tell = backlog, tell
        self._facts: dict[str, tuple[bytes, Model]] = {}  # on record, or waiting to be
        self._again_ns = self._since_ns = 0
        self._trouble, self._told = "", set[str]()
        self._kept = self._left_over()
        """What the file holds."""
        self._waiting = deque(self._kept)
        self._write()

    @property
    def waiting(self) -> tuple[Row, ...]:
        """What is not on record yet, oldest first."""
        return tuple(self._waiting)

    def serve(self, signals: Signals) -> None:
        """Append a serving row when another model than before speaks for an arm."""
        fact = (signals.journal, signals.model)
        if self._facts.get(signals.arm) == fact:
            return
        self._facts[signals.arm] = fact
        self._append(Served(_serving(self._instance, signals, signals.bar, signals.time)))

    def recall(self, signals: Signals) -> None:
        """Take what was said before this start: a serving row that it should have, and has not, is appended."""
        origin = signals.computed_from
        if origin is not None and signals.status in {Status.FRESH, Status.LATE, Status.HELD}:
            self._append(Served(_serving(self._instance, signals, origin.bar, origin.time), once=True))

    def note(self, event: Event, *, by: str, why: str) -> bool:
        """Append a row of history; False when a kill would lose it, or the tables do not allow it."""
        return self._append(Noted(event, by, why, self._clock.wall_ns()))

    def catch_up(self) -> None:
        """Try again what had to wait."""
        if (self._waiting or self._kept) and self._clock.monotonic_ns() >= self._again_ns:
            self._write()

    def close(self) -> None:
        """Write what had to wait, if that is possible in a moment; say what is left to the next start, or lost."""
        if self._waiting:
            self._registry.wait_up_to(CLOSING_S)
            self._write()
        for row in self._waiting:
            detail = {"row": str(row), "detail": self._trouble}
            lost = Told("error", "not_recorded", detail)
            self._tell(row.arm, Told("warning", "left_to_next_start", detail) if self._is_kept else lost)

    def _append(self, row: Row) -> bool:
        self._waiting.append(row)
        return self._write()

    def _write(self) -> bool:
        """Write all that waits, in order, and keep the rest on file; whether the newest of it is on either."""
        safe = True
        while self._waiting:
            row = self._waiting[0]
            try:
                self._record(row)
                safe = True
            except RegistryRowError as error:  # it never will be, such as of a version that never was
                self._tell(row.arm, Told("error", "not_recorded", {"row": str(row), "detail": str(error)}))
                safe = False
            except RegistryError as error:  # busy, full, read-only, broken: somebody may mend it
                self._wait(error)
                break
            self._waiting.popleft()
        self._keep()
        if not (self._waiting or self._kept):
            self._since_ns = 0
            self._told.clear()
        return self._is_kept if self._waiting else safe

    def _record(self, row: Row) -> None:
        if isinstance(row, Noted):
            self._registry.record(row.event, by=row.by, why=row.why, at_ns=row.at_ns, once=row.once)
        else:
            self._registry.record_serving(row.serving, once=row.once)

    def _wait(self, error: RegistryError) -> None:
        now = self._clock.monotonic_ns()
        self._again_ns, self._since_ns = now + AGAIN_NS, self._since_ns or now
        level = "error"
        if isinstance(error, RegistryBusyError):
            level = "warning" if now - self._since_ns >= PATIENCE_NS else "info"
        self._say(Told(level, "not_recorded_yet", self._why(str(error))))

    # The file.

    @property
    def _is_kept(self) -> bool:
        return self._kept == self.waiting

    def _keep(self) -> None:
        if self._is_kept:
            return
        try:
            self._backlog.hold(self._waiting)
            self._kept = self.waiting
        except OSError as error:  # tried again with the registry
            self._again_ns = self._clock.monotonic_ns() + AGAIN_NS
            self._say(Told("error", "not_kept", self._why(f"{self._backlog.path}: {error.strerror}")))

    def _left_over(self) -> tuple[Row, ...]:
        try:
            return self._backlog.read()
        except RegistryError as error:
            detail = {"file": str(self._backlog.set_aside()), "detail": str(error)}
            self._tell("", Told("error", "rows_unreadable", detail))
            return ()

    def _why(self, trouble: str) -> dict[str, str | int]:
        self._trouble = trouble
        return {"waiting": len(self._waiting), "detail": trouble}

    def _say(self, told: Told) -> None:
        """Once for each cause, not at every try."""
        cause = f"{told.level} {self._trouble}"
        if cause not in self._told:
            self._told.add(cause)
            self._tell(self._waiting[0].arm if self._waiting else "", told)


def _serving(instance: str, signals: Signals, bar: int, time: int) -> Serving:
    return Serving(
        instance, signals.journal, signals.mode.value, signals.arm, bar, time, signals.model.name, signals.model.version
    )
