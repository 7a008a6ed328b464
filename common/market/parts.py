"""Bars part by part: a file whose rows do not fit into memory at once is read as whole sections in order of time."""

from collections.abc import Iterator, Mapping, Reversible
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import polars as pl

from common.errors import BarFileError
from common.market.checks import count_reasons
from common.market.columns import DATETIME, SYMBOLS
from common.market.source import check_zone, is_parquet, read_source
from common.market.stamp_form import StampForm
from common.market.stamps import Stamping, read_stamps
from common.market.store import BarTable, load_bars, settle, sift

PART_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """Good rows as in `BarTable.frame`, perhaps none, and how many were refused by reason."""

    frame: pl.DataFrame
    rejected_by_reason: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BarParts:
    """Bars in parts, each later than the one before it; `sections` counts the distinct stamps, of good rows or not."""

    parts: Reversible[Part]
    sections: int
    symbols: frozenset[str]
    form: StampForm
    interval_ns: int

    @classmethod
    def of(cls, table: BarTable) -> Self:
        """Bars that are in memory, as one part."""
        part = Part(table.frame, table.rejected_by_reason)
        symbols = frozenset(table.frame["symbol"].unique())
        return cls((part,), len(table.times), symbols, table.form, table.interval_ns)


@dataclass(frozen=True, slots=True)
class FileParts:
    """The parts of a parquet file, read anew by each loop over them."""

    path: Path
    zone: str
    stamping: Stamping
    ranges: tuple[pl.Expr, ...]

    def __iter__(self) -> Iterator[Part]:
        """One part in memory at a time."""
        return map(self._read, self.ranges)

    def __reversed__(self) -> Iterator[Part]:
        """The newest first."""
        return map(self._read, reversed(self.ranges))

    def _read(self, where: pl.Expr) -> Part:
        raw = read_source(self.path, where)
        good, refused = sift(raw, read_stamps(raw[DATETIME], self.zone), self.stamping)
        return Part(good, count_reasons(refused["reason"]))


def open_parts(
    path: Path,
    *,
    zone: str = "UTC",
    stamp: Literal["auto", "open", "close"] = "auto",
    interval: str = "auto",
    part_rows: int = PART_ROWS,
) -> BarParts:
    """Bars of a file, read as `load_bars` reads them; one part unless it is parquet with times and more rows."""
    check_zone(path, zone)
    if not _can_be_read_in_parts(path, part_rows):
        return BarParts.of(load_bars(path, zone=zone, stamp=stamp, interval=interval))
    stamps = pl.read_parquet(path, columns=[DATETIME], glob=False)
    counts = stamps[DATETIME].value_counts(name="rows").sort(DATETIME)
    wall = read_stamps(stamps[DATETIME], zone)["wall"]
    stamping = settle(path, stamps, wall, zone=zone, stamp=stamp, interval=interval)
    form = StampForm(stamps.schema[DATETIME], stamping.ahead_ns)
    parts = FileParts(path, zone, stamping, tuple(_ranges(counts, part_rows)))
    return BarParts(parts, counts.height, _symbols(path), form, stamping.interval_ns)


def _can_be_read_in_parts(path: Path, part_rows: int) -> bool:
    """Text orders times otherwise than time does, so that parts of it would overlap."""
    if not is_parquet(path):
        return False
    try:
        kind = pl.read_parquet_schema(path).get(DATETIME)
        rows = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
    except pl.exceptions.PolarsError as error:
        raise BarFileError(f"{path} cannot be read as parquet: {error}") from error
    return isinstance(kind, pl.Datetime | pl.Date) and rows > part_rows


def _ranges(counts: pl.DataFrame, part_rows: int) -> Iterator[pl.Expr]:
    """Rows of each part, by its first and last stamp; rows without a stamp come with the first."""
    known = counts.filter(pl.col(DATETIME).is_not_null())
    part = known["rows"].cum_sum().shift(1, fill_value=0) // part_rows
    bounds = known.with_columns(part.alias("part")).group_by("part", maintain_order=True)
    for place, (_, stamps) in enumerate(bounds):
        within = pl.col(DATETIME).is_between(stamps[DATETIME][0], stamps[DATETIME][-1])
        yield within | pl.col(DATETIME).is_null() if place == 0 else within


def _symbols(path: Path) -> frozenset[str]:
    names = pl.read_parquet_schema(path)
    column = next((name for name in SYMBOLS if name in names), None)
    if column is None:
        return frozenset()  # whoever reads the first part says what is missing
    found = (
        pl.scan_parquet(path, glob=False).select(pl.col(column).cast(pl.String).unique()).collect(engine="streaming")
    )
    return frozenset(found[column].drop_nulls())
