"""A file of bars under other column names, or of one symbol alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import polars as pl

from common.errors import BarFileError
from common.market.columns import DATETIME, NUMBERS
from common.market.source import as_source, column_names, read_columns
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
    theirs = column_names(path)
    table = read_columns(path, _chosen(path, theirs, named))
    if named.symbol is not None:
        table = table.with_columns(pl.lit(named.symbol).alias("symbol"))
    return as_source(path, table, lambda: theirs)


def _chosen(path: Path, theirs: Sequence[str], named: Named) -> dict[str, str]:
    """The file's name of every column of ours that it has."""
    chosen = {}
    for ours in FIELDS:
        name = named.columns.get(ours, ours)
        if name in theirs:
            chosen[ours] = name
        elif ours in named.columns:
            raise BarFileError(f"{path} has no column {name!r}{did_you_mean(name, theirs)}")
    if "symbol" not in chosen and "vt_symbol" in theirs:
        chosen["symbol"] = "vt_symbol"
    return chosen
