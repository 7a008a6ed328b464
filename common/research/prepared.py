"""A dataset that was made before: which of the bars handed in with it are learnt from, and that they are its own."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.errors import DatasetError
from common.research.dataset import Dataset
from common.research.periods import Segment, sections_of
from common.research.raw import Floats, Mask, called
from common.research.recipe import Recipe

DECIDING = (
    "factor_set", "processing", "label_processing", "periods", "validation_share", "patience_bars", "min_coverage",
    "constituents",
)  # fmt: skip
"""What of a recipe decides a dataset; the rest decides what is made of it."""


def seen_by(dataset: Dataset, bars: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    """The bars that decide the outcome: up to the end of validation, or before the test; DatasetError for others."""
    _check_recipe(dataset.recipe, recipe)
    seen, limit = recipe.seen(bars), _limit(dataset)
    if recipe.periods is None and limit < len(dataset.raw.time):
        seen = seen.filter(pl.col("time") < int(dataset.raw.time[limit]))
    _check_bars(dataset, limit, seen)
    return seen


def _limit(dataset: Dataset) -> int:
    """The first section that no part but the test may see."""
    periods, raw = dataset.recipe.periods, dataset.raw
    if periods is not None:
        return sections_of(raw.stamp, Segment.VALID, periods.valid)[1]
    return dataset.part(Segment.TEST).sections[0] if Segment.TEST in dataset.parts else len(raw.time)


def _check_recipe(made: Recipe, asked: Recipe) -> None:
    for name in DECIDING:
        if getattr(made, name) != getattr(asked, name):
            raise DatasetError(f"the prepared dataset was made with another {name} than the recipe's: make it anew")


def _check_bars(dataset: Dataset, limit: int, seen: pl.DataFrame) -> None:
    """By time, symbol and close of each: what else there is of the bars a dataset does not keep."""
    raw = dataset.raw
    learnt = _bars(raw.time[:limit], raw.factors.symbols, raw.columns["close"][:limit], raw.present[:limit])
    if not (_ordered(seen).equals(learnt) or _seated(seen, dataset.recipe).equals(learnt)):
        raise DatasetError(
            f"the prepared dataset is of other bars: {learnt.height:,} of it and {seen.height:,} of those handed in "
            "are learnt from, or their times, symbols or closes differ; make it of the bars that are handed in"
        )


def _ordered(bars: pl.DataFrame) -> pl.DataFrame:
    return bars.select("time", "symbol", "close").sort("time", "symbol")


def _seated(bars: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    """Those of symbols that find a place, which is all of them but in a very large market."""
    panel, _ = called(bars, recipe)
    return _bars(panel.time, panel.symbols, panel.columns["close"], panel.present)


def _bars(time: NDArray[np.int64], symbols: tuple[str, ...], close: Floats, present: Mask) -> pl.DataFrame:
    section, symbol = np.nonzero(present)
    named = pl.Series(symbols, dtype=pl.String).gather(symbol)
    return pl.DataFrame({"time": time[section], "symbol": named, "close": close[present]})
