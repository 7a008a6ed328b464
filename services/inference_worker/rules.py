"""The numbers an arm works by (pure): the two policies differ in nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from common.config import MS, Config, Policy

NEVER_NS = 2**62


@dataclass(frozen=True, slots=True)
class Rules:
    """Durations in ns from the moment a section is due; under `wait` deadline and late_until are never."""

    deadline_ns: int
    late_until_ns: int
    hang_after_ns: int
    attempts: int
    min_coverage: float
    min_features: float
    max_age_bars: int

    @classmethod
    def of(cls, config: Config) -> Rules:
        """The rules a configuration asks for."""
        inference = config.inference
        waits = inference.policy is Policy.WAIT
        return cls(
            deadline_ns=NEVER_NS if waits else config.deadline_ns,
            late_until_ns=NEVER_NS if waits else config.late_until_ns,
            hang_after_ns=inference.hang_after_ms * MS if waits else NEVER_NS,
            attempts=inference.attempts,
            min_coverage=inference.min_coverage,
            min_features=inference.min_features,
            max_age_bars=inference.max_age_bars,
        )
