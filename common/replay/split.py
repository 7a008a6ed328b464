"""Where history ends and the replay begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from common.errors import BarFileError, ModelError
from common.market.store import BarTable
from common.models.manifest import Manifest, Span
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

    @classmethod
    def after(cls, table: BarTable, made: Manifest, warm_bars: int) -> Self:
        """History ends with what a model was made of, labels included, if the bars go on; else as `of` without a date.

        Where so little history would leave the factors cold (fewer than `warm_bars` times), it is two thirds at least.
        """
        times, plain = table.times, cls.of(table, None)
        history = int(np.searchsorted(times, learnt_times(made.spans)[1], side="right")) + made.label.horizon_bars
        if history < warm_bars:
            history = max(history, plain.history)
        if history >= len(times):
            return plain
        return cls(int(times[history]), history, len(times) - history)

    def seen(self, table: BarTable, made: Manifest) -> int:
        """How many of the replayed sections lie within what a model was trained and validated on."""
        first, last = learnt_times(made.spans)
        times = table.times
        return int(np.count_nonzero((times >= max(self.split_ns, first)) & (times <= last)))


def learnt_times(spans: Mapping[str, Span]) -> tuple[int, int]:
    """First and last close time, ns, of all spans together; nothing, of none."""
    if not spans:
        return 0, -1
    return min(span.first for span in spans.values()), max(span.last for span in spans.values())
