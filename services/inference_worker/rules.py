"""The numbers an arm works by (pure): the two policies differ in nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from common.config import MS, Config, Policy
from services.inference_worker.breaker import BreakerRules
from services.inference_worker.fallback import FallbackRules
from services.inference_worker.gate import GateRules

NEVER_NS = 2**62
SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Rules:
    """Durations in ns from the moment a section is due; under `wait` deadline and late_until are never."""

    deadline_ns: int
    late_until_ns: int
    hang_after_ns: int
    attempts: int
    min_coverage: float
    min_features: float
    fallback: FallbackRules
    breaker: BreakerRules
    gate: GateRules
    max_model_ns: int | None = None

    @classmethod
    def of(cls, config: Config, arm: str) -> Rules:
        """The rules a configuration asks for, of one arm."""
        inference = config.inference
        waits = inference.policy is Policy.WAIT
        days = inference.max_model_age_days
        return cls(
            deadline_ns=NEVER_NS if waits else config.deadline_ns,
            late_until_ns=NEVER_NS if waits else config.late_until_ns,
            hang_after_ns=inference.hang_after_ms * MS if waits else NEVER_NS,
            attempts=inference.attempts,
            min_coverage=inference.min_coverage,
            min_features=inference.min_features,
            fallback=_fallback(config, arm),
            breaker=_breaker(config),
            gate=GateRules(inference.gate == "hold", inference.gate_widening),
            max_model_ns=None if days is None else round(days * DAY_NS),
        )


def _fallback(config: Config, arm: str) -> FallbackRules:
    """What the arm's own table does not say the worker's table does; `void` is a signal that is old at once."""
    own, common = config.arms[arm], config.inference
    bars = common.max_age_bars if own.max_age_bars is None else own.max_age_bars
    seconds = common.max_age_seconds if own.max_age_seconds is None else own.max_age_seconds
    across = common.across_sessions if own.across_sessions is None else own.across_sessions
    return FallbackRules(
        max_age_bars=0 if own.fallback == "void" else bars,
        max_age_ns=None if seconds is None else round(seconds * SECOND_NS),
        across_sessions=across,
        default_value=own.default_value,
        always=own.fallback == "default",
    )


def _breaker(config: Config) -> BreakerRules:
    """Under `wait` it opens only by hand: no status may hang on how long something took."""
    said, waits = config.inference.breaker, config.inference.policy is Policy.WAIT
    return BreakerRules(
        automatic=not waits,
        failures=said.failures,
        share=said.share,
        window=said.window,
        slow_ns=NEVER_NS if waits else round(said.slow_share * config.deadline_ns),
        open_ns=said.open_ms * MS,
        longest_open_ns=max(said.open_ms, said.longest_open_ms) * MS,
    )
