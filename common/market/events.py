"""Splits and dividends as a table of events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from pathlib import Path

import polars as pl

from common.errors import BarFileError
from common.market.columns import SYMBOLS
from common.market.dates import no_date
from common.market.stamps import read_dates

_WANTED = "columns symbol (or vt_symbol), date, kind (split or dividend), value"


class Kind(StrEnum):
    """What happens before the first bar of a day."""

    SPLIT = "split"
    DIVIDEND = "dividend"


@dataclass(frozen=True, slots=True)
class Event:
    """From `stamp` (ns, as the bars' source writes it) on: a split into `value` new shares, or `value` paid a share."""

    symbol: str
    stamp: int
    kind: Kind
    value: float


def load_events(path: Path) -> list[Event]:
    """Read CSV or parquet; BarFileError naming the file and the row that is wrong."""
    try:
        table = pl.read_csv(path, infer_schema=False) if path.suffix == ".csv" else pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BarFileError(
            f"events {path} cannot be read: {error}; give a CSV or parquet file with {_WANTED}"
        ) from error
    name = next((name for name in SYMBOLS if name in table.columns), "symbol")
    missing = [column for column in (name, "date", "kind", "value") if column not in table.columns]
    if missing:
        raise BarFileError(f"events {path} lacks {', '.join(missing)}; it must have {_WANTED}")
    read = table.join(
        read_dates(table["date"]), left_on="date", right_on="raw", how="left", maintain_order="left", nulls_equal=True
    )
    rows = read.select(name, "date", "stamp", "kind", "value").iter_rows()
    return [_event(path, number, row) for number, row in enumerate(rows, 1)]


def _event(
    path: Path, number: int, row: tuple[str | None, object, int | None, str | None, str | float | None]
) -> Event:
    symbol, date, stamp, kind, text = row
    where = f"row {number} of events {path}"
    if not symbol or date is None:
        raise BarFileError(f"{where}: it needs a symbol and a date such as 2024-06-10")
    if stamp is None:
        raise BarFileError(f"{where}: date {no_date(str(date))}")
    if kind not in {each.value for each in Kind}:
        raise BarFileError(f"{where}: kind {kind!r} is neither split nor dividend")
    try:
        value = float(text) if text is not None else float("nan")
    except ValueError:
        value = float("nan")
    if not isfinite(value) or value <= 0.0:
        raise BarFileError(f"{where}: value {text!r} is no number above 0")
    return Event(symbol, stamp, Kind(kind), value)
