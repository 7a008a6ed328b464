"""Bars that are in memory already, taken as a file of them would be."""

from pathlib import Path
from typing import Literal

import polars as pl

from common.errors import BarFileError
from common.market.columns import DATETIME, NUMBERS, SYMBOLS
from common.market.source import SURPLUS, as_source
from common.market.store import BarTable, sort_out

PLACE = Path("the frame")
"""What errors call it."""


def take_bars(
    bars: object,
    *,
    zone: str = "UTC",
    stamp: Literal["auto", "open", "close"] = "auto",
    interval: str = "auto",
) -> BarTable:
    """What `load_bars` would give of a file with this polars frame; a table that is one already as it is.

    BarFileError for a frame without the columns of bars, and for anything else.
    """
    if isinstance(bars, BarTable):
        return bars
    if not isinstance(bars, pl.DataFrame):
        kind = f"{type(bars).__module__.partition('.')[0]}.{type(bars).__name__}"
        hint = "polars.from_pandas(...) makes one of it" if kind == "pandas.DataFrame" else "load_bars reads a file"
        raise BarFileError(f"bars are what load_bars gives, or a polars.DataFrame, not {kind}; {hint}")
    frame = bars

    def read() -> pl.DataFrame:
        kept = [name for name in (DATETIME, *SYMBOLS, *NUMBERS) if name in frame.columns]
        return as_source(PLACE, frame.select(*kept, pl.lit(value=False).alias(SURPLUS)), lambda: frame.columns)

    return sort_out(PLACE, read, zone=zone, stamp=stamp, interval=interval)
