"""A file of bars under other column names, or of one symbol alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import polars as pl

from common.errors import BarFileError
from common.market.columns import DATETIME, NUMBERS
from common.market.source import SURPLUS, as_source, is_parquet
from common.market.store import BarTable, sort_out
from common.nearest import did_you_mean

FIELDS = (DATETIME, "symbol", *NUMBERS)


@dataclass(frozen=True, slots=True)
class Named:
    """How a source names things: the source's column by ours; `symbol` where the file is of one alone."""

    columns: Mapping[str, str] = field(default_factory=dict)
    symbol: str | None = None
    zone: str = "UTC"
    stamp: Literal["auto", "open", "close"] = "auto"
    interval: str = "auto"

    def __post_init__(self) -> None:
        for ours in self.columns:
            if ours not in FIELDS:
                hint = did_you_mean(ours, FIELDS)
                raise BarFileError(f"a bar has no {ours!r}{hint}; it has {', '.join(FIELDS)}")


def read_named(path: Path, named: Named) -> BarTable:
    """Read parquet or CSV, rename, and sort good rows from bad; BarFileError naming file and column."""
    return sort_out(path, lambda: _read(path, named), zone=named.zone, stamp=named.stamp, interval=named.interval)


def _read(path: Path, named: Named) -> pl.DataFrame:
    try:
        table = (
            pl.read_parquet(path, glob=False)
            if is_parquet(path)
            # As text: one bad cell refuses its row, and 000001 stays a symbol.
            else pl.read_csv(path, infer_schema=False, encoding="utf8-lossy", glob=False)
        )
    except pl.exceptions.PolarsError as error:
        raise BarFileError(f"{path} cannot be read as parquet or CSV: {error}") from error
    return as_source(path, _renamed(path, table, named), lambda: table.columns)


def _renamed(path: Path, table: pl.DataFrame, named: Named) -> pl.DataFrame:
    chosen = {}
    for ours in FIELDS:
        theirs = named.columns.get(ours, ours)
        if theirs in table.columns:
            chosen[ours] = pl.col(theirs).alias(ours)
        elif ours in named.columns:
            raise BarFileError(f"{path} has no column {theirs!r}{did_you_mean(theirs, table.columns)}")
    if "symbol" not in chosen and "vt_symbol" in table.columns:
        chosen["symbol"] = pl.col("vt_symbol").alias("symbol")
    if named.symbol is not None:
        chosen["symbol"] = pl.lit(named.symbol).alias("symbol")
    return table.select(*chosen.values(), pl.lit(value=False).alias(SURPLUS))
