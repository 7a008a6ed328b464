"""What is odd about bars, symbol by symbol: gaps, repeated bars, jumps, bars without trade."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from common.market.columns import DATETIME, PRICES, REQUIRED
from common.market.store import BarTable

JUMP = 0.5
"""A close this far from the one before, as a share of it, is worth a look: splits, bad prints, real crashes."""


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """`symbols`: a row each; `jumps`: the single bars. Legal all of them: they are shown, not refused."""

    symbols: pl.DataFrame
    jumps: pl.DataFrame

    def worst(self, rows: int) -> pl.DataFrame:
        """Symbols with most to say, the worst first."""
        trouble = pl.col("refused") + pl.col("missing") + pl.col("stale") + pl.col("jumps") + pl.col("no_volume")
        return self.symbols.filter(trouble > 0).sort(trouble, "symbol", descending=[True, False]).head(rows)


def inspect(table: BarTable) -> Inspection:
    """Look at every symbol's good bars, in order, and count its refused rows."""
    bars = table.frame.sort("symbol", "time")
    sections = bars["time"].n_unique()
    order = table.frame.select(pl.col("time").unique().sort()).with_row_index("place").cast({"place": pl.Int64})
    before = {name: pl.col(name).shift(1).over("symbol") for name in REQUIRED}
    marked = bars.join(order, on="time").with_columns(
        stale=pl.all_horizontal(pl.col(name) == before[name] for name in REQUIRED).fill_null(value=False),
        change=pl.col("close") / before["close"] - 1,
        flat=pl.all_horizontal(pl.col(name) == pl.col("close") for name in PRICES),
    )
    jumped = marked.filter(pl.col("change").abs() >= JUMP)
    counted = marked.group_by("symbol").agg(
        bars=pl.len(),
        first=pl.col("stamp").min().cast(pl.Datetime("ns")),
        last=pl.col("stamp").max().cast(pl.Datetime("ns")),
        # Sections of others between its first and its last bar.
        missing=pl.col("place").max() - pl.col("place").min() + 1 - pl.len(),
        stale=pl.col("stale").sum(),
        jumps=(pl.col("change").abs() >= JUMP).sum(),
        no_volume=(pl.col("volume") == 0).sum(),
        flat=pl.col("flat").sum(),
        share=pl.len() / sections,
    )
    refused = table.rejected.group_by(pl.col(table.symbol_column).alias("symbol")).len("refused")
    symbols = counted.join(refused, on="symbol", how="full", coalesce=True).with_columns(pl.col(pl.UInt32).fill_null(0))
    whole = symbols.with_columns(pl.col("missing", "bars").fill_null(0)).sort("symbol")
    told = jumped.select("symbol", pl.col("stamp").cast(pl.Datetime("ns")).alias(DATETIME), "close", "change")
    return Inspection(whole, told.sort(pl.col("change").abs(), descending=True))
