"""The one form imported bars are written in: what the rest reads right without being told anything."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from common.atomic import replacing
from common.errors import BarFileError
from common.market.columns import DATETIME, NUMBERS
from common.market.durations import DAY_NS
from common.market.store import BarTable

INTERVALS = {DAY_NS: "d", 60 * 10**9: "1m"}
"""Bar intervals a lab has a folder for."""


def canonical(table: BarTable, *, zoned: bool) -> pl.DataFrame:
    """Good rows as a long frame: days under their date, shorter bars under their close, on the table's local clock.

    With `zoned` the datetime column carries the zone.
    """
    wall = pl.col("stamp").cast(pl.Datetime("ns"))
    if not (table.stamped == "open" and table.interval_ns % DAY_NS == 0):
        closed = pl.col("time").cast(pl.Datetime("ns")).dt.replace_time_zone("UTC").dt.convert_time_zone(table.zone)
        wall = closed if zoned else closed.dt.replace_time_zone(None)
    elif zoned:
        wall = wall.dt.replace_time_zone(table.zone, ambiguous="earliest", non_existent="null")
    numbers = [name for name in NUMBERS if name in table.frame.columns]
    return table.frame.select(wall.dt.cast_time_unit("us").alias(DATETIME), "symbol", *numbers)


def write_bars(path: Path, frame: pl.DataFrame) -> None:
    """Write one parquet file, whole or not at all; BarFileError where the disk refuses."""
    try:
        with replacing(path) as temporary:
            frame.write_parquet(temporary, compression="zstd")
    except OSError as error:
        raise BarFileError(f"{path} cannot be written: {error}") from error


def lab_interval(table: BarTable) -> str:
    """What a lab calls the table's interval; BarFileError for one it has no folder for."""
    return lab_name(table.interval_ns)


def lab_name(interval_ns: int) -> str:
    """What a lab calls an interval; BarFileError for one it has no folder for."""
    if interval_ns not in INTERVALS:
        raise BarFileError(
            f"bars of {interval_ns / 1e9:g} s: a lab holds days and minutes; write them to a file instead"
        )
    return INTERVALS[interval_ns]
