"""Where history ends and the replay begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from common.errors import BarFileError, ModelError
from common.market.store import BarTable
from common.research.history import history_end, split_time


@dataclass(frozen=True, slots=True)
class Split:
    """Close time of the first replayed section, and how many there are on either side."""

    split_ns: int
    history: int
    replayed: int

    @classmethod
    def of(cls, table: BarTable, date: str | None) -> Self:
        """Two thirds of the distinct times are history, or all stamped before `date`; both sides need some."""
        times = table.times
        try:
            split_ns = history_end(times, None if date is None else split_time(table.frame, date))
        except ModelError as error:
            raise BarFileError(f"SPLIT: {error}") from error
        history = int(np.searchsorted(times, split_ns))
        return cls(split_ns, history, len(times) - history)
