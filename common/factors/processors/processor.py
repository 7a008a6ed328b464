"""The contract every processor keeps: parameters as fields, `fit` learns plain numbers, `apply` uses them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np

from common.errors import FactorError
from common.factors.kernels.build import Floats, Integers
from common.factors.processors.feature_block import LABEL, FeatureBlock


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """What a fit found: arrays by name, f8[C] over `columns`, or f8[C, S] over `columns` and `symbols`."""

    columns: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    numbers: Mapping[str, Floats] = field(default_factory=dict)

    def places(self, names: tuple[str, ...]) -> Integers:
        """Where columns stand in the arrays; FactorError for one that was not there at the fit."""
        known = {name: place for place, name in enumerate(self.columns)}
        for name in names:
            if name not in known:
                raise FactorError(f"column {name!r} was not there when the processor was fitted; fit it again")
        return np.array([known[name] for name in names], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Processor:
    """A step from raw factors to what a model reads. Infinite values count as missing, but for replace_inf.

    name and parameters are vnpy's. formula, missing: what becomes of a number x, and of a missing value. learns: arrays
    a fit gives, over columns, or by_symbol over columns and symbols. A value of one section depends on that section and
    on what was learnt: history and live give the same bits.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    formula: ClassVar[str]
    missing: ClassVar[str]
    learns: ClassVar[tuple[str, ...]] = ()
    by_symbol: ClassVar[bool] = False

    def fit(self, block: FeatureBlock) -> Learnt:
        """Learn from the rows of a training span; those that learn nothing need not say so."""
        del block
        return Learnt()

    def apply(self, block: FeatureBlock, learnt: Learnt) -> FeatureBlock:
        """Process a block, which is given up: its memory may be the result's."""
        raise NotImplementedError

    @property
    def parameters(self) -> dict[str, Any]:
        """What it was made with, as JSON has words for it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def columns_of(block: FeatureBlock, names: tuple[str, ...] | None) -> tuple[str, ...]:
    """The named columns; none named: the features."""
    return block.features if names is None else names


def learnable(block: FeatureBlock, learnt: Learnt) -> tuple[str, ...]:
    """Columns something was learnt of; a label is passed over where none was there at the fit."""
    return tuple(name for name in block.names if name != LABEL or LABEL in learnt.columns)


def check_names(processor: str, names: object) -> None:
    """Refuse column names that are not a tuple of texts, such as one text alone."""
    if not isinstance(names, tuple) or not names or not all(isinstance(name, str) and name for name in names):
        raise FactorError(f"names of {processor} must be column names such as ['close_5', 'label'], not {names!r}")


def check_flag(processor: str, parameter: str, value: object) -> None:
    """Refuse what is not true or false."""
    if not isinstance(value, bool):
        raise FactorError(f"{parameter} of {processor} is true or false, not {value!r}")


def check_some(processor: str, block: FeatureBlock) -> None:
    """Refuse to learn from nothing."""
    if not block.rows.any():
        raise FactorError(f"{processor} has no rows to be fitted on; give it a training span with bars of members")
