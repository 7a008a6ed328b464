"""A small sample market, a small set and recipes, for tests of datasets and training."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from common.factors.sets import FactorSet
from common.market.sample import sample_market
from common.market.span import Span
from common.market.store import BarTable, load_bars
from common.research.periods import Periods
from common.research.processing import Processing, processing_of
from common.research.recipe import Recipe

SMALL = FactorSet(
    "small",
    (
        ("return_1", "close / ts_delay(close, 1) - 1"),
        ("average_5", "ts_mean(close, 5) / close"),
        ("rank_1", "cs_rank(close / ts_delay(close, 1) - 1)"),
    ),
    "ts_delay(close, -3) / ts_delay(close, -1) - 1",
)
HORIZON = 3
ACROSS = (f"({SMALL.label}) - cs_mean({SMALL.label})", f"cs_rank({SMALL.label})")
"""Labels of the same horizon that compare symbols."""
PROCESSED = processing_of(
    ["replace_inf", "cs_norm:method=robust", "ts_norm", "fill_na:fill_value=0.0"],
    ["drop_na:names=label", "cs_norm:method=zscore,names=label"],
)
RECIPE = Recipe("demo", SMALL, parameters={"rounds": 8, "min_data_in_leaf": 20})


def market(folder: Path, *, seed: int = 1, symbols: int = 24, days: int = 120) -> BarTable:
    """Bars of a small market, with holes, listings and bad rows."""
    path = folder / "bars.parquet"
    sample_market(seed=seed, symbols=symbols, days=days).write_parquet(path)
    return load_bars(path)


def stamps_of(bars: pl.DataFrame) -> list[int]:
    """Distinct stamps, ascending."""
    found: list[int] = np.unique(bars["stamp"].to_numpy()).tolist()
    return found


def holed(bars: pl.DataFrame, *lasts: int) -> pl.DataFrame:
    """Bars of which another symbol is without its last six up to each of some sections."""
    stamps, symbols = stamps_of(bars), bars["symbol"].unique().sort()
    away = [
        (pl.col("symbol") == symbol) & pl.col("stamp").is_between(stamps[last - 5], stamps[last])
        for symbol, last in zip(symbols[: len(lasts)], lasts, strict=True)
    ]
    return bars.filter(~pl.any_horizontal(away))


def between(bars: pl.DataFrame, first: int, last: int) -> Span:
    """The span of sections `first` to `last`, both included."""
    stamps = stamps_of(bars)
    return Span(stamps[first], stamps[last])


def spanned(bars: pl.DataFrame, processing: Processing = PROCESSED) -> Recipe:
    """A recipe with spans: sections 0 to 59 and 60 to 89; 90 on are for a test."""
    return replace(RECIPE, periods=Periods(between(bars, 0, 59), between(bars, 60, 89)), processing=processing)
