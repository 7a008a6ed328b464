"""Who belonged to the index when, from the rows that vnpy's filter left of the bars it had loaded (pure)."""

import polars as pl

from common.market.constituents import Constituents, Interval
from common.market.durations import DAY_NS
from common.research.migration.export import KEYS

_STAMP, _DAY = pl.col("stamp"), pl.col("stamp") // DAY_NS


def constituents_of(export_raw: pl.DataFrame, loaded: pl.DataFrame) -> Constituents | None:
    """Stays from a symbol's first kept bar to its last one before the next that is not; None where all were kept.

    They are whole days where that takes no other bar of the symbol in: filters are written by days.
    """
    marked = loaded.select(KEYS).join(
        export_raw.select(*KEYS, pl.lit(value=True).alias("kept")), on=list(KEYS), how="left"
    )
    if marked["kept"].all(ignore_nulls=False):
        return None
    rows = marked.sort("symbol", "stamp").with_columns(pl.col("kept").fill_null(value=False))
    ends = rows.with_columns(
        _widened(-1, _DAY * DAY_NS).alias("first"),
        _widened(1, _DAY * DAY_NS + DAY_NS - 1).alias("last"),
        pl.col("kept").rle_id().over("symbol").alias("stay"),
    )
    stays = ends.filter("kept").group_by("symbol", "stay").agg(pl.col("first").first(), pl.col("last").last())
    return Constituents.of(map(Interval, stays["symbol"], stays["first"], stays["last"]))


def _widened(step: int, end: pl.Expr) -> pl.Expr:
    """The end of its day for a bar whose neighbour before (-1) or after (1) is of another day; else its stamp."""
    beside = _DAY.shift(-step).over("symbol")
    return pl.when(beside.eq_missing(_DAY)).then(_STAMP).otherwise(end)
