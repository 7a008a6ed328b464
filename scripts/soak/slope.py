"""Whether a process grows (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from scripts.processes.usage import MEBIBYTE
from scripts.soak.gauge import Reading

WARM = 0.3
"""The share of a run in which caches and buffers find their size."""


@dataclass(frozen=True, slots=True)
class Trend:
    """One process after its warm-up: memory at its end and its slope, descriptors at both ends, lives lived."""

    process: str
    resident_mib: float
    kib_a_thousand: float
    """Least-squares slope, KiB a thousand sections."""
    growth_mib: float
    """The slope over the sections it was measured on."""
    descriptors: tuple[int, int]
    lives: int

    def flat(self, limit_mib: float) -> bool:
        """Grows by less than the limit, no descriptor more, and was never started again."""
        return self.growth_mib < limit_mib and self.descriptors[1] <= self.descriptors[0] and self.lives == 1


def trends(readings: Iterable[Reading], sections: int) -> list[Trend]:
    """One line a process, over the readings after the warm-up."""
    found: dict[str, list[Reading]] = {}
    for reading in readings:
        found.setdefault(reading.process, []).append(reading)
    return [_trend(name, found[name], sections) for name in sorted(found)]


def _trend(name: str, readings: Sequence[Reading], sections: int) -> Trend:
    warm = [reading for reading in readings if reading.section >= WARM * sections] or list(readings[-1:])
    places = np.array([reading.section for reading in warm], np.float64)
    memory = np.array([reading.resident for reading in warm], np.float64)
    moved = places - places.mean()
    spread = float(moved @ moved)
    slope = float(moved @ memory) / spread if spread else 0.0
    return Trend(
        process=name,
        resident_mib=warm[-1].resident / MEBIBYTE,
        kib_a_thousand=slope * 1000 / 1024,
        growth_mib=slope * float(places[-1] - places[0]) / MEBIBYTE,
        descriptors=(max(reading.descriptors for reading in warm[: max(len(warm) // 2, 1)]), warm[-1].descriptors),
        lives=len({reading.pid for reading in readings}),
    )
