"""Many measurements of one duration as three figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

NS_PER_MS = 1e6


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, 99th percentile and longest, in ms; a quantile is always one of the measurements."""

    p50: float
    p99: float
    longest: float
    count: int

    @classmethod
    def of(cls, durations_ns: Sequence[int]) -> Self:
        """ValueError when nothing was measured."""
        if not durations_ns:
            raise ValueError("nothing was measured")
        p50, p99, longest = np.quantile(durations_ns, [0.5, 0.99, 1.0], method="higher") / NS_PER_MS
        return cls(round(float(p50), 4), round(float(p99), 4), round(float(longest), 4), len(durations_ns))
