"""How the children of a seat are started, and handed a section."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from alphabus.columns import stack
from alphabus.messages import Factors
from common.errors import ModelError
from services.inference_worker.executor.attendance import Attendance
from services.inference_worker.executor.executor import Executor

SymbolsOf = Callable[[bytes], tuple[str, ...]]
"""The ordered symbols of a universe, by its digest."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a seat's children are started: `features` are the model's, `memory_mb` MiB each (0: no limit).

    symbols_of: names of a universe by its digest, for models with processors.
    """

    bundle: Path
    features: tuple[str, ...]
    environment: Mapping[str, str]
    symbols_of: SymbolsOf
    memory_mb: int = 0
    faults: Path | None = None

    def call(self, factors: Factors) -> Attendance:
        """Who counts in a section."""
        return Attendance.of(factors, self.symbols_of(factors.universe))

    def start(self, ids: Iterator[int], attempt: int) -> Executor:
        """Start one more; ModelError when the system has no room for it."""
        return Executor.start(
            self.bundle,
            environment=self.environment,
            ids=ids,
            memory_mb=self.memory_mb,
            fault=self.faults,
            attempt=attempt,
        )

    def hand_over(self, child: Executor, factors: Factors, attempt: int) -> None:
        """Give a child a section; ModelError or UniverseError when it cannot be given to it."""
        try:
            features = stack(factors.columns, self.features)
        except KeyError as error:
            lacking = ", ".join(error.args[:5])
            raise ModelError(f"the factors of bar {factors.bar} lack {lacking}, which the model takes") from error
        called = self.call(factors) if child.ready and child.ready.sections else None
        child.submit(features, bar=factors.bar, attempt=attempt, attendance=called)
