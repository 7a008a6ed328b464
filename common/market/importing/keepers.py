"""Where fetched bars go: a file of several symbols, or a lab; each knows up to where it has them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl

from common.errors import BarFileError
from common.market.columns import DATETIME, NUMBERS
from common.market.importing.canonical import canonical, write_bars
from common.market.overlay import overlay
from common.market.source import is_parquet, symbol_column
from common.market.stamps import parse_interval
from common.market.store import BarTable, load_bars
from common.turn import turn

BY_CHANCE = 100_000
"""A longer interval that random holes would leave in less than one of so many histories is the bars' own."""


class Keeper(Protocol):
    """Takes bars; both raise errors of ours, and keep what was there."""

    def last_close(self, name: str) -> int | None:
        """When the last bar of a symbol closed (ns), None before the first."""
        ...

    def save(self, table: BarTable) -> None:
        """Add bars to what is there, whole or not at all."""
        ...


@dataclass(frozen=True, slots=True)
class FileKeeper:
    """One parquet file, in order of time and symbol."""

    path: Path
    interval: str

    def last_close(self, name: str) -> int | None:
        """Of the file as it is read by everybody; BarFileError where its bars are of another length."""
        if not self.path.exists():
            return None
        if not is_parquet(self.path):
            raise BarFileError(f"{self.path} is there and is not parquet: choose another file")
        frame = load_bars(self.path, interval=self.interval).frame.filter(pl.col("symbol") == name)
        length = other_length(frame["time"], parse_interval(self.interval))
        if length is not None:
            raise BarFileError(
                f"{self.path} holds bars of {name} every {length / 1e9:g} s, not {self.interval}: choose another file"
            )
        last = frame["time"].max()
        return last if isinstance(last, int) else None

    def save(self, table: BarTable) -> None:
        """Write the file anew, with these bars."""
        frame = canonical(table, zoned=True)
        with turn(self.path):
            if self.path.exists():
                older = pl.read_parquet(self.path, glob=False)
                name = symbol_column(older)
                frame = overlay(self._alike(older, name, frame), frame.rename({"symbol": name}), name).frame
            write_bars(self.path, frame)

    def _alike(self, older: pl.DataFrame, symbol: str, frame: pl.DataFrame) -> pl.DataFrame:
        """The file's rows with the types that are written here."""
        if older.schema[DATETIME] != frame.schema[DATETIME]:
            raise BarFileError(
                f"{self.path} has stamps in {older.schema[DATETIME]}, these are in {frame.schema[DATETIME]}: "
                "choose another file"
            )
        numbers = [name for name in NUMBERS if name in older.columns]
        try:
            return older.with_columns(pl.col(symbol).cast(pl.String), pl.col(numbers).cast(pl.Float64))
        except pl.exceptions.PolarsError as error:
            raise BarFileError(f"{self.path} holds text among its numbers: choose another file: {error}") from error


def other_length(times: pl.Series, wanted_ns: int) -> int | None:
    """How long bars are (ns) that cannot be of `wanted_ns`; None where they may be, with some of them missing."""
    steps = times.unique().sort().diff().drop_nulls().to_numpy()
    length = int(np.gcd.reduce(steps)) if steps.size else wanted_ns
    if length % wanted_ns:
        return length
    # In logarithms: of a long history the power has no end.
    by_chance = steps.size * np.log(length // wanted_ns)
    return length if by_chance > np.log(BY_CHANCE) else None
