"""Bars laid over others: a later one corrects the older one of its stamp and symbol (pure)."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from common.market.columns import ADJUSTMENTS, DATETIME

_LATER = "later"


@dataclass(frozen=True, slots=True, eq=False)
class Overlaid:
    """All bars by time and symbol, how many of them are `new`, and how many `replaced` another content."""

    frame: pl.DataFrame
    new: int
    replaced: int


def overlay(older: pl.DataFrame, later: pl.DataFrame, symbol: str = "symbol") -> Overlaid:
    """Two long frames of equal types with columns datetime, `symbol` and numbers; a stamp stands once a symbol.

    Where one of them has no factors, its bars take the symbol's: of their own stamp, else of the one before, else the
    first; 1 where the symbol has none. So a correction of raw prices undoes no split. Another column that
    the later frame lacks is kept where a bar's other numbers are the same, and else null: the turnover of other prices.
    """
    key = [DATETIME, symbol]
    both = pl.concat(
        [older.with_columns(pl.lit(value=False).alias(_LATER)), later.with_columns(pl.lit(value=True).alias(_LATER))],
        how="diagonal",
    ).sort(symbol, DATETIME, _LATER)
    filled = both.with_columns(
        pl.when(pl.col(_LATER) == (frame is later)).then(_carried(name, symbol)).otherwise(name).alias(name)
        for name in ADJUSTMENTS
        for frame in (older, later)
        if name in both.columns and name not in frame.columns
    )
    # Factors are not among them: what was traded is the same before and after a split is told.
    plain = [name for name in older.columns if name not in ADJUSTMENTS]
    shared = [name for name in plain if name in later.columns]
    filled = _repeated(filled, [name for name in plain if name not in shared], shared)
    merged = filled.unique(key, keep="last").drop(_LATER).sort(key)
    met = filled.filter(pl.struct(key).is_duplicated()).select(key).n_unique()
    same = filled.filter(pl.struct(pl.exclude(_LATER)).is_duplicated()).select(key).n_unique()
    return Overlaid(merged, merged.height - older.select(key).n_unique(), met - same)


def _repeated(both: pl.DataFrame, lacking: list[str], shared: list[str]) -> pl.DataFrame:
    """Rows in order of key with what later ones lack, from the older one where the shared columns are equal."""
    again = pl.all_horizontal(_LATER, *(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in shared))
    return both.with_columns(pl.when(again).then(pl.col(name).shift(1)).otherwise(name).alias(name) for name in lacking)


def _carried(name: str, symbol: str) -> pl.Expr:
    known = pl.col(name).fill_nan(None)
    return known.forward_fill().over(symbol).fill_null(known.backward_fill().over(symbol)).fill_null(1.0)
