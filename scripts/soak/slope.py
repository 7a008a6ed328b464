"""Whether a process grows, and how small a leak a run of that length can tell (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.errors import PipelineError
from scripts.processes.usage import MEBIBYTE
from scripts.soak.gauge import Reading

WARM = 0.3
"""The share of a run in which caches and buffers find their size."""

LEAST_READINGS = 10
LIMIT_BYTES, UNREST_BYTES = 64.0, 2 * MEBIBYTE
"""What a section may cost for ever; and what memory goes up and down by in any run, however short."""

ERRORS = 2.0
"""So many of its own errors a slope is taken to be off."""


@dataclass(frozen=True, slots=True)
class Trend:
    """One process after its warm-up: memory at its end and its slope, descriptors at both ends, lives lived."""

    process: str
    resident_mib: float
    bytes_a_section: float
    """Least-squares slope."""
    error: float
    """Its standard error, bytes a section; larger where what is left over comes in runs, as memory does."""
    descriptors: tuple[int, int]
    lives: int

    @property
    def most(self) -> float:
        """The largest leak that the readings leave possible, bytes a section."""
        return self.bytes_a_section + ERRORS * self.error

    def flat(self, limit: float) -> bool:
        """No leak of `limit` bytes a section is possible, no descriptor more, and it was never started again."""
        return self.most < limit and self.descriptors[1] <= self.descriptors[0] and self.lives == 1


def limit_of(sections: int) -> float:
    """The smallest leak that a run must find, bytes a section: the longer, the finer."""
    return LIMIT_BYTES + UNREST_BYTES / ((1 - WARM) * sections)


def trends(readings: Iterable[Reading], sections: int, everybody: Collection[str]) -> list[Trend]:
    """One line a process; PipelineError unless each of `everybody`, and nobody else, was read after the warm-up."""
    found: dict[str, list[Reading]] = {name: [] for name in everybody}
    lives: dict[str, set[int]] = {name: set() for name in everybody}
    for reading in readings:
        lives.setdefault(reading.process, set()).add(reading.pid)
        if reading.section >= WARM * sections:
            found.setdefault(reading.process, []).append(reading)
    unread = sorted(name for name, own in found.items() if len(own) < LEAST_READINGS)
    strangers = sorted(found.keys() - set(everybody))
    if unread or strangers or not found:
        said = f"hardly ever read: {', '.join(unread)}" if unread else f"nobody knows {', '.join(strangers)}"
        raise PipelineError(f"the soak says nothing of the whole; {said if found else 'no process is named'}")
    return [_trend(name, found[name], len(lives[name])) for name in sorted(found)]


def _trend(name: str, warm: Sequence[Reading], lives: int) -> Trend:
    places = np.array([reading.section for reading in warm], np.float64)
    memory = np.array([reading.resident for reading in warm], np.float64)
    slope, error = slope_of(places, memory)
    return Trend(
        process=name,
        resident_mib=warm[-1].resident / MEBIBYTE,
        bytes_a_section=slope,
        error=error,
        descriptors=(max(reading.descriptors for reading in warm[: len(warm) // 2]), warm[-1].descriptors),
        lives=lives,
    )


def slope_of(places: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, float]:
    """Least-squares slope and its standard error, as of so many readings as are independent (AR(1) residuals)."""
    moved = places - places.mean()
    spread = float(moved @ moved)
    if not spread:
        return 0.0, float("inf")  # all read at one moment: that tells nothing
    slope = float(moved @ values) / spread
    left = values - values.mean() - slope * moved
    power = float(left @ left)
    alike = min(max(float(left[1:] @ left[:-1]) / power, 0.0), 0.95) if power else 0.0
    return slope, float(np.sqrt(power / (len(places) - 2) / spread * (1 + alike) / (1 - alike)))
