"""The one form imported bars are written in: what the rest reads right without being told anything."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from common.atomic import replacing
from common.errors import BarFileError
from common.market.columns import DATETIME, NUMBERS
from common.market.durations import DAY_NS
from common.market.stamps import on_clock
from common.market.store import BarTable

INTERVALS = {DAY_NS: "d", 60 * 10**9: "1m"}
"""Bar intervals a lab has a folder for."""


def canonical(table: BarTable, *, zoned: bool) -> pl.DataFrame:
    """Good rows as a long frame: days under their date, shorter bars under their close, on the table's local clock.

    The datetime column carries the zone with `zoned`, and where the source's own has one.
    """
    zoned = zoned or (isinstance(table.datetime_type, pl.Datetime) and table.datetime_type.time_zone is not None)
    if _is_dated(table):
        date = pl.col("stamp") - (0 if table.stamped == "open" else table.interval_ns)
        bare = date.cast(pl.Datetime("ns"))
        wall = on_clock(bare, table.zone) if zoned else bare
    else:
        closed = pl.col("time").cast(pl.Datetime("ns")).dt.replace_time_zone("UTC").dt.convert_time_zone(table.zone)
        wall = closed if zoned else closed.dt.replace_time_zone(None)
    numbers = [name for name in NUMBERS if name in table.frame.columns]
    return table.frame.select(wall.dt.cast_time_unit("us").alias(DATETIME), "symbol", *numbers)


def _is_dated(table: BarTable) -> bool:
    """Whether its bars are whole days from midnight to midnight: such stamps are read as dates, whatever they mark."""
    return table.interval_ns % DAY_NS == 0 and bool((table.frame["stamp"] % DAY_NS == 0).all())


def write_bars(path: Path, frame: pl.DataFrame) -> None:
    """Write one parquet file, whole or not at all; BarFileError where the disk refuses."""
    try:
        with replacing(path) as temporary:
            frame.write_parquet(temporary, compression="zstd")
    except OSError as error:
        raise BarFileError(f"{path} cannot be written: {error.strerror or error}; name another place") from error


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
