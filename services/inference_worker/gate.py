"""What an arm makes of an answer before it becomes a signal (pure)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alphabus.messages import Flag

FEWEST = 10  # a tree gives a few symbols the same leaf by chance


@dataclass(frozen=True, slots=True)
class GateRules:
    """`holds`: what is suspect is held back, else only told; `widening`: widths of the range allowed beside it."""

    holds: bool
    widening: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """`invalid` is no answer at all, whatever the policy; `suspect` says what is odd about one."""

    invalid: bool = False
    suspect: str = ""


class Gate:
    """Judges the values of symbols whose flag allows one; what the model says of others does not count."""

    def __init__(self, rules: GateRules) -> None:
        self._rules = rules

    def judge(
        self, values: NDArray[np.float64], flags: NDArray[np.uint8], prediction_range: tuple[float, float] | None
    ) -> Verdict:
        """NaN or infinity; one value for everybody; a value far outside what the model said in its training."""
        judged = values[flags == Flag.OK]
        if not np.isfinite(judged).all():
            return Verdict(invalid=True)
        if len(judged) >= FEWEST and (judged == judged[0]).all():
            return Verdict(suspect=f"constant: {judged[0]:.6g} for {len(judged)} symbols")
        if prediction_range is None or not len(judged):
            return Verdict()
        return Verdict(suspect=self._outside(judged, *prediction_range))

    def holds(self, verdict: Verdict) -> bool:
        """Whether the previous signal is to be held instead."""
        return self._rules.holds and bool(verdict.suspect)

    def _outside(self, judged: NDArray[np.float64], least: float, greatest: float) -> str:
        margin = self._rules.widening * (greatest - least)
        low, high = least - margin, greatest + margin
        count = int(((judged < low) | (judged > high)).sum())
        return f"outside: {count} of {len(judged)} symbols beyond {low:.6g} to {high:.6g}" if count else ""
