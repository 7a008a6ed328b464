"""Qlib's binary format: a calendar, instruments with their spans, one file of float32 a field and symbol.

A field's first number is where in the calendar its values begin. Prices are stored times `factor`, volume divided by it
(docs of Qlib, "Data Layer"); raw numbers are restored, and the factor, 1 at first sight, is kept beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import dropwhile
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.errors import BarFileError
from common.market.columns import ADJUSTMENTS, DATETIME, PRICES
from common.market.source import SURPLUS, as_source
from common.market.store import BarTable, sort_out

Floats = NDArray[np.float64]

FREQUENCIES = {"day": "1d", "1min": "1min"}
ALL = "all"


@dataclass(frozen=True, slots=True)
class QlibFolder:
    """A data folder; `frequency` is the word in its file names, day or 1min."""

    root: Path
    frequency: str = "day"

    @classmethod
    def is_one(cls, folder: Path) -> bool:
        """Whether it has the three folders that make one."""
        return all((folder / name).is_dir() for name in ("calendars", "instruments", "features"))

    def bars(self, zone: str = "UTC") -> BarTable:
        """Every symbol's raw bars with price_factor and share_factor; BarFileError naming the file that is wrong."""
        interval = FREQUENCIES[self.frequency]
        return sort_out(self.root, self._rows, zone=zone, stamp="open", interval=interval)

    def components(self) -> dict[str, dict[date, list[str]]]:
        """Members by date of every index beside `all`: who is listed on each day of the calendar from its first.

        A list is empty on a day on which nobody is; an index of nobody on any day of it is left out.
        """
        days = [each.date() for each in self._calendar()]
        found = {}
        for path in sorted((self.root / "instruments").glob("*.txt")):
            if path.stem == ALL:
                continue
            spans = [(symbol, first.date(), last.date()) for symbol, first, last in _instruments(path)]
            lists = {day: [symbol for symbol, first, last in spans if first <= day <= last] for day in days}
            listed = dict(dropwhile(lambda item: not item[1], lists.items()))
            if listed:
                found[path.stem] = listed
        return found

    def _rows(self) -> pl.DataFrame:
        calendar = self._calendar()
        folders = sorted(path for path in (self.root / "features").iterdir() if path.is_dir())
        if not folders:
            raise BarFileError(f"{self.root / 'features'} holds no symbol")
        names = {symbol.lower(): symbol for symbol, *_ in _instruments(self.root / "instruments" / f"{ALL}.txt")}
        symbols = [names.get(folder.name, folder.name.upper()) for folder in folders]
        parts = [self._symbol(folder, symbol, calendar) for folder, symbol in zip(folders, symbols, strict=True)]
        table = pl.concat(parts)
        return as_source(self.root, table.with_columns(pl.lit(value=False).alias(SURPLUS)), lambda: table.columns)

    def _symbol(self, folder: Path, symbol: str, calendar: list[datetime]) -> pl.DataFrame:
        columns = {name: self._field(folder, name, len(calendar)) for name in (*PRICES, "volume")}
        path = self._path(folder, "factor")
        factor = self._field(folder, "factor", len(calendar)) if path.exists() else np.ones(len(calendar))
        # A day without any number is one on which it did not trade; all else is a row, be it a bad one.
        there = ~np.all([np.isnan(values) for values in columns.values()], axis=0)
        sound = np.isfinite(factor) & (factor > 0)
        first = next(iter(factor[there & sound]), 1.0)
        rate = np.where(sound, factor, 1.0)
        numbers = {name: columns[name] / rate for name in PRICES}
        numbers["volume"] = columns["volume"] * rate
        rows = {name: values[there] for name, values in numbers.items()}
        rows |= dict.fromkeys(ADJUSTMENTS, np.where(sound, factor / first, np.nan)[there])
        stamps = pl.Series(DATETIME, calendar, dtype=pl.Datetime("us")).filter(pl.Series(there))
        return pl.DataFrame({DATETIME: stamps, "symbol": [symbol] * len(stamps), **rows})

    def _field(self, folder: Path, name: str, days: int) -> Floats:
        """A field over the whole calendar, NaN outside its own span."""
        path = self._path(folder, name)
        try:
            numbers = np.fromfile(path, dtype="<f4")
        except OSError as error:
            raise BarFileError(f"{path} cannot be read: {error}") from error
        start = int(numbers[0]) if numbers.size and np.isfinite(numbers[0]) else -1
        if start < 0 or start + numbers.size - 1 > days:
            raise BarFileError(f"{path}: {numbers.size - 1} values from place {start} do not fit a calendar of {days}")
        values = np.full(days, np.nan)
        values[start : start + numbers.size - 1] = numbers[1:]
        return values

    def _path(self, folder: Path, name: str) -> Path:
        return folder / f"{name}.{self.frequency}.bin"

    def _calendar(self) -> list[datetime]:
        path = self.root / "calendars" / f"{self.frequency}.txt"
        try:
            return [datetime.fromisoformat(line.strip()) for line in _lines(path)]
        except ValueError as error:
            raise BarFileError(f"{path}: {error}") from error


def _instruments(path: Path) -> Iterator[tuple[str, datetime, datetime]]:
    for number, line in enumerate(_lines(path), 1):
        parts = line.split("\t")
        try:
            symbol, first, last = parts
            yield symbol, datetime.fromisoformat(first), datetime.fromisoformat(last)
        except ValueError as error:
            raise BarFileError(f"line {number} of {path} is not SYMBOL, first and last date, apart by tabs") from error


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise BarFileError(f"{path} cannot be read: {error}") from error
