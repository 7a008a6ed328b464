"""Splits and dividends as cumulative factors: from the past only, so that no earlier value is ever rewritten."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from pathlib import Path

import polars as pl

from common.errors import BarFileError
from common.market.columns import ADJUSTMENTS, SYMBOLS
from common.market.stamps import read_stamps

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


def adjust(frame: pl.DataFrame, events: list[Event]) -> pl.DataFrame:
    """Good rows (`BarTable.frame`) with `price_factor` and `share_factor`; raw columns stay as they are.

    A split into r shares multiplies both by r. A dividend d multiplies the price factor by c / (c - d), c the raw
    close of the symbol's own bar before (as CRSP's total return does). BarFileError for a dividend of c or more.
    """
    by_symbol: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda each: (each.symbol, each.stamp, each.kind)):
        by_symbol.setdefault(event.symbol, []).append(event)
    parts = [
        _adjust_one(bars, by_symbol.get(bars["symbol"][0], []))
        for bars in frame.sort("symbol", "time").partition_by("symbol", maintain_order=True)
    ]
    return pl.concat(parts).sort("time", "symbol")


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
    stamps = read_stamps(table["date"], "UTC").select("raw", stamp=pl.col("wall").dt.timestamp("ns"))
    read = table.join(stamps, left_on="date", right_on="raw", how="left", maintain_order="left", nulls_equal=True)
    rows = read.select(name, "stamp", "kind", "value").iter_rows()
    return [_event(path, number, row) for number, row in enumerate(rows, 1)]


def _event(path: Path, number: int, row: tuple[str | None, int | None, str | None, str | float | None]) -> Event:
    symbol, stamp, kind, text = row
    where = f"row {number} of events {path}"
    if not symbol or stamp is None:
        raise BarFileError(f"{where}: it needs a symbol and a date such as 2024-06-10")
    if kind not in {each.value for each in Kind}:
        raise BarFileError(f"{where}: kind {kind!r} is neither split nor dividend")
    try:
        value = float(text) if text is not None else float("nan")
    except ValueError:
        value = float("nan")
    if not isfinite(value) or value <= 0.0:
        raise BarFileError(f"{where}: value {text!r} is no number above 0")
    return Event(symbol, stamp, Kind(kind), value)


def _adjust_one(bars: pl.DataFrame, events: list[Event]) -> pl.DataFrame:
    """One symbol's bars, by time; an event counts from its first bar at or after the event's stamp."""
    stamps, closes = bars["stamp"].to_list(), bars["close"].to_list()
    steps = {name: [1.0] * len(stamps) for name in ADJUSTMENTS}
    for event in events:
        place = next((row for row, stamp in enumerate(stamps) if stamp >= event.stamp), None)
        # 1 at first sight: what happened before the first bar is in the prices already.
        if place is None or place == 0:
            continue
        steps["price_factor"][place] *= _price_step(event, closes[place - 1])
        if event.kind is Kind.SPLIT:
            steps["share_factor"][place] *= event.value
    return bars.with_columns(pl.Series(name, step).cum_prod() for name, step in steps.items())


def _price_step(event: Event, before: float) -> float:
    if event.kind is Kind.SPLIT:
        return event.value
    if event.value >= before:
        raise BarFileError(
            f"{event.symbol}: a dividend of {event.value:g} on a close of {before:g} leaves nothing; "
            "give it in the currency of the prices, per share as they were then"
        )
    return before / (before - event.value)
