"""What is analysed: values of members by section, and the returns that followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.errors import BarFileError, FactorError
from common.factors.labels import label_values
from common.market.panel import Panel
from common.research.history import block_of

Floats = NDArray[np.float64]

ENTRY_BARS = 1
"""A value known at a bar's close can be acted on at the next one's at the earliest."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """`values` f8[B,S], NaN where there is none; `returns` by horizon in own bars, f8[B,S]; `stamp` i8[B] ns."""

    name: str
    stamp: NDArray[np.int64]
    symbols: tuple[str, ...]
    values: Floats
    returns: Mapping[int, Floats]

    @property
    def horizons(self) -> tuple[int, ...]:
        """Horizons, ascending, in bars."""
        return tuple(sorted(self.returns))


def forward_returns(panel: Panel, horizons: Sequence[int], entry_bars: int = ENTRY_BARS) -> dict[int, Floats]:
    """Return from `entry_bars` after a bar to `horizon` bars later, close to close, on each symbol's own clock."""
    if not horizons or min(horizons) < 1 or entry_bars < 0:
        raise FactorError(f"horizons {list(horizons)}, entry {entry_bars}: horizons are 1 bar or more, entry 0 or more")
    block = block_of(panel, panel.present)
    enter = f"ts_delay(close, -{entry_bars})" if entry_bars else "close"
    return {
        horizon: label_values(f"ts_delay(close, -{entry_bars + horizon}) / {enter} - 1", block) for horizon in horizons
    }


def subject_of(name: str, panel: Panel, frame: pl.DataFrame, column: str, horizons: Sequence[int]) -> Subject:
    """Place a long frame's `column` (datetime as the source stamped it, symbol) on the panel it was made from.

    Sections before the first and after the last value are left out. BarFileError where not one row belongs to a bar.
    """
    stamps = pl.DataFrame({"stamp": panel.stamp}).with_row_index("section")
    symbols = pl.DataFrame({"symbol": panel.symbols}).with_row_index("place")
    keyed = frame.select(pl.col("datetime").cast(pl.Datetime("ns")).dt.timestamp("ns").alias("stamp"), "symbol", column)
    placed = keyed.drop_nulls().join(stamps, on="stamp").join(symbols, on="symbol")
    values = np.full((len(panel), len(panel.symbols)), np.nan)
    values[placed["section"], placed["place"]] = placed[column].cast(pl.Float64).to_numpy()
    inside = np.flatnonzero(np.isfinite(values).any(axis=1))
    if not inside.size:
        raise BarFileError(
            f"{name}: none of its {frame.height:,} rows has a value, and a datetime and symbol of the bars"
        )
    kept = slice(inside[0], inside[-1] + 1)
    returns = {horizon: found[kept] for horizon, found in forward_returns(panel, horizons).items()}
    return Subject(name, panel.stamp[kept], panel.symbols, values[kept], returns)
