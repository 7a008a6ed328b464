"""What a model is fitted on: factors, labels and rows, all from bars that are history."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.errors import ModelError
from common.factors.block import FactorBlock
from common.factors.engine import Engine
from common.factors.labels import label_values
from common.factors.plan import Plan
from common.market.panel import Panel
from common.models.predictor import Samples
from common.research.history import block_of, members
from common.research.information import Floats, centred_ranks
from common.research.recipe import Recipe, label_horizon
from common.research.rows import Division, divide, label_ends

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Material:
    """Factors [F, B, S], labels [B, S] raw and as they are learnt, and the rows of each part."""

    panel: Panel
    factors: FactorBlock
    label: Floats
    target: Floats
    rows: Division

    def samples(self, rows: Mask) -> Samples:
        """The chosen rows in order of section and symbol."""
        return Samples(np.ascontiguousarray(self.factors.values[:, rows]), self.target[rows])


def prepare(bars: pl.DataFrame, recipe: Recipe, plan: Plan) -> Material:
    """Compute factors and labels over all sections at once and choose the rows; ModelError if there are too few."""
    panel = Panel.from_frame(bars)
    member = members(
        panel,
        patience_bars=recipe.patience_bars,
        min_coverage=recipe.min_coverage,
        constituents=recipe.constituents,
    )
    block = block_of(panel, member)
    factors = Engine(plan).update(block)
    label = label_values(recipe.factor_set.label, block)
    usable = _usable(factors, label)
    horizon = label_horizon(recipe.factor_set)
    rows = divide(usable, label_ends(factors.present != 0, horizon), horizon, recipe.validation_share)
    return Material(panel, factors, label, processed(label, usable, recipe.label_processing), rows)


def processed(label: Floats, usable: Mask, processing: str) -> Floats:
    """Labels as they are learnt, NaN where unusable. Ranks by section by default: one absurd return must not rule."""
    target = np.where(usable, label, np.nan)
    if processing == "none":
        return target
    if processing != "cs_rank_norm":
        raise ModelError(f"there is no label processing {processing!r}; there is cs_rank_norm, none")
    for section in np.flatnonzero(usable.any(axis=1)):
        target[section, usable[section]] = centred_ranks(label[section, usable[section]])
    return target


def _usable(factors: FactorBlock, label: Floats) -> Mask:
    usable: Mask = np.isfinite(label) & (factors.present != 0) & (factors.member != 0) & (factors.warm != 0)
    return usable
