"""Where fetched bars go: a file of several symbols, or a lab; each knows up to where it has them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from common.errors import BarFileError
from common.market.columns import DATETIME
from common.market.importing.canonical import canonical, write_bars
from common.market.source import is_parquet
from common.market.stamps import find_interval, parse_interval
from common.market.store import BarTable, load_bars


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
        length = find_interval(frame["time"])
        if length not in {None, parse_interval(self.interval)}:
            raise BarFileError(
                f"{self.path} holds bars of {name} every {length / 1e9:g} s, not {self.interval}: choose another file"
            )
        last = frame["time"].max()
        return last if isinstance(last, int) else None

    def save(self, table: BarTable) -> None:
        """Write the file anew, with these bars."""
        frame = canonical(table, zoned=True)
        if self.path.exists():
            older = pl.read_parquet(self.path, glob=False)
            if older.schema[DATETIME] != frame.schema[DATETIME]:
                raise BarFileError(
                    f"{self.path} has stamps in {older.schema[DATETIME]}, these are in {frame.schema[DATETIME]}: "
                    "choose another file"
                )
            frame = pl.concat([older, frame], how="diagonal")
        write_bars(self.path, frame.unique([DATETIME, "symbol"], keep="last").sort(DATETIME, "symbol"))
