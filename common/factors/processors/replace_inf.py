"""replace_inf: the symbol's own mean in the place of an infinite value."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from common.factors.processors.compilation import call
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.processor import Learnt, Processor, check_some, learnable
from common.factors.processors.training_kernels import learn_symbol_means, replace_infinite


@dataclass(frozen=True, slots=True)
class ReplaceInf(Processor):
    """Infinite values become the column's mean of that symbol in training; NaN for a symbol that was not there.

    The engine makes no infinite values; columns of a user's own may hold some.
    """

    name: ClassVar[str] = "replace_inf"
    summary: ClassVar[str] = "infinite values become the symbol's mean of the training span"
    formula: ClassVar[str] = "x, else the mean of the symbol's x in training"
    missing: ClassVar[str] = "stays missing; an infinite value of a symbol without a mean becomes missing"
    learns: ClassVar[tuple[str, ...]] = ("mean",)
    by_symbol: ClassVar[bool] = True

    def fit(self, block: FeatureBlock) -> Learnt:
        """Mean of each column and symbol."""
        check_some(self.name, block)
        mean = np.empty((len(block.names), len(block.symbols)))
        call(learn_symbol_means, block.values, block.places(block.names), block.rows, mean)
        return Learnt(block.names, block.symbols, {"mean": mean})

    def apply(self, block: FeatureBlock, learnt: Learnt) -> FeatureBlock:
        """Replace."""
        columns = learnable(block, learnt)
        learnt.places(columns)  # raises for a column that was not there at the fit
        if not np.isinf(block.values).any():
            return block
        mean = np.full((len(columns), len(block.symbols)), np.nan)
        known = {symbol: place for place, symbol in enumerate(learnt.symbols)}
        here = [place for place, symbol in enumerate(block.symbols) if symbol in known]
        there = [known[block.symbols[place]] for place in here]
        mean[:, here] = learnt.numbers["mean"][learnt.places(columns)][:, there]
        call(replace_infinite, block.values, block.places(columns), block.rows, mean)
        return block
