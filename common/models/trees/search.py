"""Where a value stands among one feature's thresholds: an even grid first, then a few halvings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.models.trees.text import Floats

CHUNK = 255
"""Thresholds a plane can tell apart: codes 0 to 255."""

NONE, ZERO_LEFT, ZERO_RIGHT, NAN_LEFT, NAN_RIGHT = range(5)
"""What a node takes for missing, and where that goes."""

_CELLS_AT_MOST = 4096


@dataclass(frozen=True, slots=True)
class Search:
    """The thresholds of one feature, ascending, with the grid over them."""

    column: int
    thresholds: Floats
    lowest: float
    scale: float
    cells: NDArray[np.int32]
    halvings: int

    @classmethod
    def of(cls, column: int, thresholds: Floats) -> "Search":
        """From the thresholds of all nodes, in any order."""
        ascending = np.unique(thresholds)
        size = min(1 << max(4, (4 * ascending.size - 1).bit_length()), _CELLS_AT_MOST)
        finite = ascending[np.isfinite(ascending)]
        lowest, highest = (finite[0], finite[-1]) if finite.size else (0.0, 0.0)
        with np.errstate(all="ignore"):
            scale = float((size - 1) / (highest - lowest)) if highest > lowest else 0.0
            # The very operations of the kernel: rounding is then the same for a value and for its threshold.
            place = (ascending - lowest) * scale
        cell = np.clip(np.where(place > 0.0, place, 0.0), 0.0, size - 1.0).astype(np.int64)
        counts = np.bincount(cell, minlength=size)
        below = (np.cumsum(counts) - counts).astype(np.int32)
        return cls(column, ascending, float(lowest), scale, below, int(counts.max()).bit_length())

    def special(self, way: int, chunk: int) -> NDArray[np.int32]:
        """Rank the plane begins at, rank of NaN, rank of zero."""
        left, right = 0, self.thresholds.size
        zero = int(np.searchsorted(self.thresholds, 0.0))
        nan = {NONE: zero, ZERO_LEFT: left, NAN_LEFT: left, ZERO_RIGHT: right, NAN_RIGHT: right}[way]
        return np.array([chunk * CHUNK, nan, nan if way in {ZERO_LEFT, ZERO_RIGHT} else zero], np.int32)
