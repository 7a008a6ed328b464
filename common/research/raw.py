"""Raw values of a dataset: factors of bars as the engine gives them, and what of the bars a label is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.factors.block import Block, FactorBlock
from common.factors.engine import Engine
from common.factors.labels import label_columns
from common.factors.plan import Plan
from common.factors.processors.feature_block import FeatureBlock
from common.factors.sets import FactorSet
from common.market.columns import ADJUSTMENTS
from common.market.panel import Panel
from common.research.factor_blocks import THREADS
from common.research.history import block_of
from common.research.recipe import Recipe
from common.research.roll_call import Conditions, Roll, RollCall

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """Sections of a whole history: close times and stamps i8[B] (ns), factors [F,B,S] with marks, columns f8[B,S].

    A section's factors hang on the bars up to it alone, so the first sections are those of a shorter history. That is
    not so of labels, which are made of the `columns` of bars when it is known which of them may be seen.
    """

    time: NDArray[np.int64]
    stamp: NDArray[np.int64]
    factors: FactorBlock
    columns: Mapping[str, Floats]

    @property
    def present(self) -> Mask:
        """Where there is a bar, [B, S]."""
        found: Mask = self.factors.present != 0
        return found

    @property
    def counted(self) -> Mask:
        """Rows that are bars of members with a full look-back, [B, S]: what a model has an opinion on, live as here."""
        found: Mask = self.present & (self.factors.member != 0) & (self.factors.warm != 0)
        return found

    def bars(self, limit: int) -> Block:
        """What a label may read of the sections before `limit`, as views."""
        columns = {name: values[:limit] for name, values in self.columns.items()}
        return Block(self.factors.symbols, columns, self.factors.member[:limit] != 0)

    def block(self, first: int, last: int, symbols: Mask | None = None) -> FeatureBlock:
        """Features of sections [first, last), in memory of its own; of some symbols only, if told."""
        chosen = np.ones(len(self.factors.symbols), np.bool_) if symbols is None else symbols
        names = tuple(name for name, wanted in zip(self.factors.symbols, chosen, strict=True) if wanted)
        values, rows = self.factors.values[:, first:last], self.counted[first:last]
        if not chosen.all():
            values, rows = values[:, :, chosen], rows[:, chosen]
        rows = np.ascontiguousarray(rows)
        return FeatureBlock(names, self.stamp[first:last], self.factors.names, np.array(values, order="C"), rows)


def compute_raw(bars: pl.DataFrame, recipe: Recipe, plan: Plan) -> Raw:
    """Compute all sections of good bars at once, members as the feed would say."""
    panel, roll = called(bars, recipe)
    factors = Engine(plan, threads=THREADS).update(block_of(panel, roll.member))
    wanted = kept_columns(recipe.factor_set)
    columns = {name: values for name, values in panel.columns.items() if name in wanted}
    return Raw(panel.time, panel.stamp, factors, columns)


def called(bars: pl.DataFrame, recipe: Recipe) -> tuple[Panel, Roll]:
    """Good bars without those of symbols that find no place in the live feed, and who counts in each section."""
    conditions = Conditions(recipe.patience_bars, recipe.min_coverage, constituents=recipe.constituents)
    return RollCall(conditions).call(Panel.from_frame(bars))


def kept_columns(factor_set: FactorSet) -> frozenset[str]:
    """Columns of bars that the set's label reads, what adjusts them, and the close, which tells where a bar is."""
    return frozenset({"close", *ADJUSTMENTS, *label_columns(factor_set.label, factor_set.operators)})
