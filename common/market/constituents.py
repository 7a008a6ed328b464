"""Constituents: who belongs to an index as of when, as intervals read from a CSV or parquet file."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.amounts import amount
from common.errors import BarFileError
from common.market.checks import SYMBOL_PATTERN
from common.market.columns import SYMBOLS
from common.market.dates import no_date
from common.market.durations import DAY_NS
from common.market.stamps import read_dates

FROM, TO = "from", "to"
EVER = 2**62
"""An open end; no stamp (ns) lies beyond it."""

_WANTED = "columns symbol (or vt_symbol), from, to; an empty `to` means until further notice"


@dataclass(frozen=True, slots=True)
class Interval:
    """One stay of a symbol: stamps (ns, as the bars' source writes them) from `first` to `last`, both included."""

    symbol: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Seats:
    """Intervals seen from a list of symbols: `place` among them [N], `first` and `last` [N], `size` of the list."""

    place: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    size: int

    def members(self, stamps: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Who is a member as of each stamp, [B, S]; nothing is known of any other stamp."""
        mask = np.zeros((len(stamps), self.size), np.bool_)
        section, interval = np.nonzero((self.first <= stamps[:, None]) & (stamps[:, None] <= self.last))
        mask[section, self.place[interval]] = True
        return mask


@dataclass(frozen=True, slots=True)
class Constituents:
    """Intervals by symbol and time, apart from one another: equal membership, equal intervals and digest."""

    intervals: tuple[Interval, ...]

    @classmethod
    def of(cls, intervals: Iterable[Interval]) -> Self:
        """Sort, and join those that touch or overlap."""
        by_symbol = groupby(sorted(intervals, key=lambda each: (each.symbol, each.first)), lambda each: each.symbol)
        return cls(tuple(joined for _, same in by_symbol for joined in _join(same)))

    def among(self, symbols: Sequence[str]) -> Seats:
        """The intervals of those symbols; the others do not matter."""
        places = {symbol: place for place, symbol in enumerate(symbols)}
        known = [each for each in self.intervals if each.symbol in places]
        columns = [(places[each.symbol], each.first, each.last) for each in known]
        place, first, last = np.array(columns, np.int64).reshape(-1, 3).T
        return Seats(place, first, last, len(symbols))

    def until(self, stamp: int) -> Self:
        """What could be known at `stamp`: nothing of who joins later, nor of who leaves later."""
        known = (each for each in self.intervals if each.first <= stamp)
        return type(self)(tuple(Interval(each.symbol, each.first, min(each.last, stamp)) for each in known))

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the intervals."""
        lines = (f"{each.symbol} {each.first} {each.last}\n" for each in self.intervals)
        return sha256("".join(lines).encode()).hexdigest()


def load_constituents(path: Path, symbols: Sequence[str] = ()) -> Constituents:
    """Read a file of members; BarFileError for one that cannot be used, or that names none of the bars' `symbols`."""
    table = _read(path)
    found = Constituents.of(_intervals(path, table))
    named = {each.symbol for each in found.intervals}
    if symbols and named.isdisjoint(symbols):
        raise BarFileError(
            f"{path} has {amount(len(named), 'symbol')}, none with a bar, such as {min(named)!r}; the bars' are "
            f"written like {min(symbols)!r}"
        )
    return found


def _join(ascending: Iterable[Interval]) -> Iterator[Interval]:
    whole: Interval | None = None
    for each in ascending:
        if whole is not None and each.first > whole.last + 1:
            yield whole
            whole = None
        whole = each if whole is None else Interval(each.symbol, whole.first, max(whole.last, each.last))
    if whole is not None:
        yield whole


def _read(path: Path) -> pl.DataFrame:
    """The file's three columns under the names symbol, from, to."""
    try:
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
        table = (
            pl.read_parquet(path, glob=False)
            if parquet
            else pl.read_csv(path, infer_schema=False, encoding="utf8-lossy", glob=False)
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BarFileError(
            f"members {path} cannot be read: {error}; give a CSV or parquet file with {_WANTED}"
        ) from error
    name = next((name for name in SYMBOLS if name in table.columns), "symbol")
    missing = [column for column in (name, FROM, TO) if column not in table.columns]
    if missing:
        raise BarFileError(
            f"members {path} lacks {', '.join(missing)}; it has {', '.join(table.columns)}; it must have {_WANTED}"
        )
    if table.is_empty():
        raise BarFileError(f"members {path} has no rows, so nobody would ever be a member; leave the file out instead")
    return table.select(pl.col(name).cast(pl.String).alias("symbol"), FROM, TO)


def _intervals(path: Path, table: pl.DataFrame) -> Iterator[Interval]:
    good = table["symbol"].str.contains(SYMBOL_PATTERN).fill_null(value=False)
    firsts, lasts = (_ends(path, table[column]) for column in (FROM, TO))
    for row, (symbol, sound, first, last) in enumerate(zip(table["symbol"], good, firsts, lasts, strict=True), 1):
        start = -EVER if first is None else first
        # A date, or midnight, means that whole day.
        end = EVER if last is None else last + DAY_NS - 1 if last % DAY_NS == 0 else last
        if not sound:
            raise BarFileError(f"row {row} of members {path}: {symbol!r} is no symbol; write it as the bars do")
        if start > end:
            shown = table.row(row - 1, named=True)
            raise BarFileError(
                f"row {row} of members {path}: {symbol} leaves ({shown[TO]}) before it joins ({shown[FROM]})"
            )
        yield Interval(symbol, start, end)


def _ends(path: Path, column: pl.Series) -> list[int | None]:
    """Stamps in ns, None for an open end."""
    if column.dtype == pl.Null:
        return [None] * len(column)
    if column.dtype != pl.String and not isinstance(column.dtype, pl.Date | pl.Datetime):
        raise BarFileError(f"column {column.name} of members {path} is {column.dtype}; it must hold dates; convert it")
    if column.dtype == pl.String:
        column = column.str.strip_chars().replace("", None)
    read = column.to_frame("raw").join(
        read_dates(column), on="raw", how="left", maintain_order="left", nulls_equal=True
    )
    wrong = read.with_row_index("row", 1).filter(pl.col("raw").is_not_null() & pl.col("stamp").is_null())
    if wrong.height:
        row, raw = wrong["row"][0], wrong["raw"][0]
        raise BarFileError(f"row {row} of members {path}: `{column.name}` {no_date(str(raw))}")
    return read["stamp"].to_list()
