"""robust_zscore_norm: distance from the training span's median, in its median absolute deviations."""

from dataclasses import dataclass
from math import inf
from typing import ClassVar

import numpy as np

from common.factors.processors.compilation import call
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.processor import Learnt, Processor, check_flag, check_some
from common.factors.processors.section_kernels import ROBUST_LIMIT, TO_DEVIATION
from common.factors.processors.span import fit_span, within
from common.factors.processors.training_kernels import learn_medians, standardise

_LEAST = 1e-12
"""Added to the spread, as vnpy and Qlib do: a constant column becomes 0."""


@dataclass(frozen=True, slots=True)
class RobustZscoreNorm(Processor):
    """Features less their median, over 1.4826 median absolute deviations, both of the training span; clipped at 3.

    `fit_start_time`, `fit_end_time`: a narrower span than the rows it is fitted on, both included.
    """

    name: ClassVar[str] = "robust_zscore_norm"
    summary: ClassVar[str] = "distance from the training span's median in its median absolute deviations"
    formula: ClassVar[str] = (
        "(x - median) / 1.4826 (median |x - median| + 1e-12), both of training, clipped to -3 .. 3 if clip_outlier"
    )
    missing: ClassVar[str] = "left out of the fit, stays missing; so does a column without a number in training"
    learns: ClassVar[tuple[str, ...]] = ("median", "spread")
    fit_start_time: str | None = None
    fit_end_time: str | None = None
    clip_outlier: bool = True

    def __post_init__(self) -> None:
        fit_span(self.name, self.fit_start_time, self.fit_end_time)
        check_flag(self.name, "clip_outlier", self.clip_outlier)

    def fit(self, block: FeatureBlock) -> Learnt:
        """Median and spread of each feature."""
        block = within(block, fit_span(self.name, self.fit_start_time, self.fit_end_time))
        check_some(self.name, block)
        middle, spread = np.empty(len(block.features)), np.empty(len(block.features))
        found = np.empty(int(np.count_nonzero(block.rows)))
        call(learn_medians, block.values, block.places(block.features), block.rows, found, middle, spread)
        return Learnt(block.features, (), {"median": middle, "spread": (spread + _LEAST) * TO_DEVIATION})

    def apply(self, block: FeatureBlock, learnt: Learnt) -> FeatureBlock:
        """Normalise."""
        where, limit = learnt.places(block.features), ROBUST_LIMIT if self.clip_outlier else inf
        middle, spread = learnt.numbers["median"][where], learnt.numbers["spread"][where]
        call(standardise, block.values, block.places(block.features), block.rows, middle, spread, limit)
        return block
