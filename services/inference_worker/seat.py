"""An arm's seat: the executor child in it, and how soon one that failed is followed by another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from alphabus.clock import Clock
from alphabus.messages import Factors, Reason
from common.restarts import SECOND, Restarts
from services.inference_worker.exchange import Answer, Failed, Ready
from services.inference_worker.executor import Executor

LOAD_NS = 60 * SECOND  # a child that is silent for so long while it loads hangs

Happened = Ready | Answer | Failed

REASONS: Mapping[str, Reason] = {"load": Reason.CRASH, "crash": Reason.CRASH, "invalid": Reason.INVALID}


class Seat:
    """Starts, feeds and replaces executors; never waits for one longer than a kill takes."""

    def __init__(
        self, bundle: Path, features: tuple[str, ...], environment: Mapping[str, str], clock: Clock, faults: Path | None
    ) -> None:
        self._bundle, self._features, self._environment = bundle, features, environment
        self._clock, self._faults = clock, faults
        # A model that cannot serve must not stop the arm: it goes on, held and marked, and is tried now and then.
        self._restarts = Restarts(budget=1_000_000, longest_ns=5 * SECOND)
        self._starts, self._next_id = 0, 1
        self._start_at: int | None = None
        self._ready_by: int | None = None
        self._executor: Executor | None = None
        self._start()

    @property
    def pid(self) -> int:
        """Process id of the child, 0 when the seat is empty."""
        return 0 if self._executor is None else self._executor.pid

    @property
    def starts(self) -> int:
        """How many children there were."""
        return self._starts

    def handles(self) -> list[object]:
        """What tells of messages and of the child's end."""
        return [] if self._executor is None else [self._executor.fileno(), self._executor.exit_fd()]

    def wake_ns(self) -> int | None:
        """When the next child is to be started, or the present one must have loaded."""
        return self._start_at if self._start_at is not None else self._ready_by

    def submit(self, factors: Factors, attempt: int) -> None:
        """Hand a section to the child."""
        if self._executor is not None:
            columns = [factors.columns[name].astype(np.float64, copy=False) for name in self._features]
            self._executor.submit(columns, bar=factors.bar, attempt=attempt)

    def receive(self) -> list[Happened]:
        """What the child said; a Failed that ends it is the last."""
        self._start_when_due()
        happened: list[Happened] = []
        while self._executor is not None and (message := self._executor.receive()) is not None:
            happened.append(message)
            if isinstance(message, Ready):
                self._ready_by = None
            if isinstance(message, Failed):
                break
        if not happened and self._executor is not None and (how := self._executor.how_it_ended()) is not None:
            happened.append(Failed(0, "crash", how))
        if not happened and self._ready_by is not None and self._clock.monotonic_ns() >= self._ready_by:
            happened.append(Failed(0, "load", f"not ready {LOAD_NS // SECOND} s after its start"))
        return happened

    def replace(self) -> None:
        """Kill the child; another one starts after the back-off."""
        self._clear()
        now = self._clock.monotonic_ns()
        self._start_at = now + (self._restarts.died(now) or 0)

    def close(self) -> None:
        """Kill the child for good."""
        self._clear()
        self._start_at = None

    def _start_when_due(self) -> None:
        if self._start_at is not None and self._clock.monotonic_ns() >= self._start_at:
            self._start()

    def _start(self) -> None:
        self._starts += 1
        self._start_at, self._ready_by = None, self._clock.monotonic_ns() + LOAD_NS
        self._executor = Executor.start(
            self._bundle,
            environment=self._environment,
            first_id=self._next_id,
            fault=self._faults,
            attempt=self._starts,
        )

    def _clear(self) -> None:
        if self._executor is not None:
            self._next_id = self._executor.next_id
            self._executor.kill()
            self._executor, self._ready_by = None, None
