"""Splits and dividends as cumulative factors: from the past only, so that no earlier value is ever rewritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from common.amounts import amount
from common.errors import BarFileError
from common.market.columns import ADJUSTMENTS
from common.market.events import Event, Kind

_STEADY = 1e-4
"""A factor that moves by less than this share has not moved: some sources keep it in single precision."""


@dataclass(frozen=True, slots=True, eq=False)
class Adjusted:
    """`frame`: the bars with factors; events `laid` over them, and those `outside` their symbol's bars.

    `strangers`: symbols of events that have no bar.
    """

    frame: pl.DataFrame
    laid: int
    outside: int
    strangers: tuple[str, ...]


def adjust(frame: pl.DataFrame, events: Sequence[Event]) -> Adjusted:
    """Good rows (`BarTable.frame`) with `price_factor` and `share_factor`; raw columns stay as they are.

    Factors that are there go on: events multiply them. A split into r shares multiplies both by r. Dividends of d
    multiply the price factor by c / (c - d), c the raw close of the symbol's own bar before and d all that is paid
    between the two bars (as CRSP's total return does). BarFileError for a d of c or more, an event at a bar where the
    factor changes already, and events none of which is of a symbol with bars.
    """
    by_symbol: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda each: (each.symbol, each.stamp, each.kind)):
        by_symbol.setdefault(event.symbol, []).append(event)
    known = frame["symbol"].unique()
    strangers = tuple(sorted(set(by_symbol).difference(known)))
    if by_symbol and len(strangers) == len(by_symbol):
        raise BarFileError(
            f"the events are of {amount(len(strangers), 'symbol')}, none with a bar, such as {strangers[0]!r}; the "
            f"bars' are written like {known.min()!r}"
        )
    parts, laid = [], 0
    for bars in frame.sort("symbol", "time").partition_by("symbol", maintain_order=True):
        found = _by_bar(bars["stamp"].to_numpy(), by_symbol.get(bars["symbol"][0], []))
        laid += sum(map(len, found.values()))
        parts.append(_multiplied(bars, found))
    outside = sum(len(each) for symbol, each in by_symbol.items() if symbol not in strangers) - laid
    return Adjusted(pl.concat(parts).sort("time", "symbol"), laid, outside, strangers)


def _by_bar(stamps: np.ndarray[tuple[int], np.dtype[np.int64]], events: Iterable[Event]) -> dict[int, list[Event]]:
    """Events by the row they count from: their symbol's first bar at or after their stamp."""
    found: dict[int, list[Event]] = {}
    for event in events:
        places = np.flatnonzero(stamps >= event.stamp)
        # 1 at first sight: what happened before the first bar is in the prices already.
        if places.size and places[0] > 0:
            found.setdefault(int(places[0]), []).append(event)
    return found


def _multiplied(bars: pl.DataFrame, by_bar: Mapping[int, Sequence[Event]]) -> pl.DataFrame:
    """One symbol's bars, by time, with the factors they have (1 where they have none) times the events' steps."""
    known = {
        name: bars[name].to_numpy() if name in bars.columns else np.ones(bars.height, np.float64)
        for name in ADJUSTMENTS
    }
    steps = {name: np.ones(bars.height) for name in ADJUSTMENTS}
    for place, events in by_bar.items():
        _check_steady(bars, place, known["price_factor"])
        shares, paid = _shares_and_paid(events)
        steps["share_factor"][place] = shares
        steps["price_factor"][place] = shares * _bought_back(events[0].symbol, paid, bars["close"][place - 1])
    return bars.with_columns(pl.Series(name, known[name] * np.cumprod(steps[name])) for name in ADJUSTMENTS)


def _check_steady(bars: pl.DataFrame, place: int, factor: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    """Refuse an event where the file's factor moves: it would be counted twice."""
    if abs(factor[place] / factor[place - 1] - 1.0) > _STEADY:
        day = np.datetime64(bars["stamp"][place], "ns").astype("datetime64[D]")
        raise BarFileError(
            f"{bars['symbol'][0]}: its price_factor changes at {day} already, and an event counts from there, too: "
            "give only events that are not in the file yet, or all of them with unadjusted bars"
        )


def _shares_and_paid(events: Sequence[Event]) -> tuple[float, float]:
    """How many shares one becomes, and what is paid for it, in the order of the events."""
    shares, paid = 1.0, 0.0
    for event in events:
        if event.kind is Kind.SPLIT:
            shares *= event.value
        else:
            paid += event.value * shares
    return shares, paid


def _bought_back(symbol: str, paid: float, before: float) -> float:
    """Shares that one becomes when what is paid is put into shares at the close before."""
    if paid >= before:
        raise BarFileError(
            f"{symbol}: a dividend of {paid:g} on a close of {before:g} leaves nothing; "
            "give it in the currency of the prices, per share as they were then"
        )
    return before / (before - paid)
