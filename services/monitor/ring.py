"""The last so many whole numbers: all the memory they will ever take is taken at once (pure)."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray


class Ring:
    """Holds the newest `size` numbers, i8."""

    def __init__(self, size: int) -> None:
        # Written, so that the kernel gives the pages now: a process that is watched for growth does not grow by them.
        self._numbers = np.full(size, -1, np.int64)
        self._count = 0

    def add(self, number: int) -> None:
        """Take one in; the oldest goes when it is full."""
        self._numbers[self._count % len(self._numbers)] = number
        self._count += 1

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Those that are held, in no order, i8[N]; not to be written."""
        return self._numbers[: min(self._count, len(self._numbers))]

    def quantiles(self, *shares: float) -> list[int]:
        """The number at each share of the way from the lowest to the highest, or the next higher one."""
        ordered = np.sort(self.numbers)  # once for all: a partition for each takes longer
        return [int(ordered[ceil(share * (len(ordered) - 1))]) for share in shares]
