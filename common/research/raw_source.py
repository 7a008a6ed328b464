"""Where a dataset's raw values come from: computed from bars, or read where they are kept."""

import polars as pl

from common.amounts import amount
from common.errors import DatasetError
from common.factors.plan import compile_set
from common.nearest import did_you_mean
from common.research.factor_cache import FactorCache
from common.research.raw import Raw, compute_raw
from common.research.recipe import Recipe, label_horizon


def raw_of(bars: pl.DataFrame, recipe: Recipe, cache: FactorCache | None = None) -> Raw:
    """Raw values of good bars, computed, or read where the cache has them; ModelError for a label that looks back."""
    plan = compile_set(recipe.factor_set)
    label_horizon(recipe.factor_set)
    _check_members(bars, recipe)
    return compute_raw(bars, recipe, plan) if cache is None else cache.raw(bars, recipe, plan)


def _check_members(bars: pl.DataFrame, recipe: Recipe) -> None:
    """Refuse a universe of which nobody is among the bars: written in another way, most likely."""
    named = {each.symbol for each in recipe.constituents.intervals} if recipe.constituents else set()
    known = set(bars["symbol"].unique())
    if named and known and named.isdisjoint(known):
        raise DatasetError(
            f"the universe has {amount(len(named), 'symbol')}, none with a bar, such as {min(named)!r}"
            f"{did_you_mean(min(named), known)}; the bars' are written like {min(known)!r}"
        )
