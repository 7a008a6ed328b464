"""ts_norm: distance from the training span's mean, in its standard deviations."""

from dataclasses import dataclass
from math import inf
from typing import ClassVar

import numpy as np

from common.factors.processors.compilation import call
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.processor import Learnt, Processor, check_some, learnable
from common.factors.processors.span import fit_span, within
from common.factors.processors.training_kernels import learn_moments, standardise


@dataclass(frozen=True, slots=True)
class TsNorm(Processor):
    """Columns, the label among them, less their mean over the training span, in its population standard deviations.

    A column that is constant there stays as it is. `fit_start_time`, `fit_end_time`: as in robust_zscore_norm.
    """

    name: ClassVar[str] = "ts_norm"
    summary: ClassVar[str] = "distance from the training span's mean in its standard deviations"
    formula: ClassVar[str] = "(x - mean) / std, both of training, over n; x where std is 0"
    missing: ClassVar[str] = "left out of the fit, stays missing; so does a column without a number in training"
    learns: ClassVar[tuple[str, ...]] = ("mean", "std")
    fit_start_time: str | None = None
    fit_end_time: str | None = None

    def __post_init__(self) -> None:
        fit_span(self.name, self.fit_start_time, self.fit_end_time)

    def fit(self, block: FeatureBlock) -> Learnt:
        """Mean and standard deviation of each column."""
        block = within(block, fit_span(self.name, self.fit_start_time, self.fit_end_time))
        check_some(self.name, block)
        mean, spread = np.empty(len(block.names)), np.empty(len(block.names))
        found = np.empty(int(np.count_nonzero(block.rows)))
        call(learn_moments, block.values, block.places(block.names), block.rows, found, mean, spread)
        return Learnt(block.names, (), {"mean": mean, "std": spread})

    def apply(self, block: FeatureBlock, learnt: Learnt) -> FeatureBlock:
        """Normalise."""
        columns = learnable(block, learnt)
        where = learnt.places(columns)
        mean, spread = learnt.numbers["mean"][where], learnt.numbers["std"][where]
        call(standardise, block.values, block.places(columns), block.rows, mean, spread, inf)
        return block
