"""Every factor of an export beside ours: findings, batch by batch, so that memory does not grow with the factors."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from common.research.migration.differences import Differences
from common.research.migration.export import Export
from common.research.migration.findings import Finding, Trace, find
from common.research.migration.market import Market
from common.research.migration.reasons import Reason
from common.research.migration.traces import Traces

Floats = NDArray[np.float64]

BATCH_VALUES = 8_000_000
"""Values of one side in memory at a time, 8 bytes each."""


@dataclass(frozen=True, slots=True, eq=False)
class FactorComparison:
    """Over the rows of a market that count here."""

    export: Export
    market: Market

    def theirs(self, name: str) -> Floats:
        """Values f8[N] of a factor in vnpy."""
        return self.market.places.column(self.export.raw, name)

    def findings(self, progress: Callable[[int, int], None]) -> Iterator[Finding]:
        """One a factor, in order."""
        differences, texts = Differences(self.market, self.export.whole), self.export.definition.factors
        left, done = iter(texts.items()), 0
        while some := dict(islice(left, max(1, BATCH_VALUES // max(1, len(self.market.places))))):
            for name, sides in differences.sides(some, {name: self.theirs(name) for name in some}).items():
                yield find(name, texts[name], sides, self._traces())
                done += 1
                progress(done, len(texts))

    def _traces(self) -> dict[Reason, Trace]:
        traces = Traces(self.market, self.export.whole)
        return {
            Reason.SUSPENDED: traces.suspended,
            Reason.MISSING: traces.missing,
            Reason.LAST_BITS: traces.on_last_bits,
        }
