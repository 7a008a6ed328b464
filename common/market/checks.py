"""Which rows are bars: a closed list of reasons to refuse one, and the check, vectorised over a file."""

from collections.abc import Callable, Sequence
from enum import StrEnum

import polars as pl

from common.market.columns import ADJUSTMENTS, NUMBERS, PRICES

SYMBOL_PATTERN = r"^[\x21-\x7e]{1,64}$"
LEAST_PRICE, MOST_PRICE, MOST_AMOUNT = 1e-18, 1e18, 1e30


class Reason(StrEnum):
    """Why a row is no bar; where several hold, the first in this order is given."""

    BAD_LINE = "bad_line"
    BAD_SYMBOL = "bad_symbol"
    BAD_TIME = "bad_time"
    NONEXISTENT_TIME = "nonexistent_time"
    AMBIGUOUS_TIME = "ambiguous_time"
    NOT_A_NUMBER = "not_a_number"
    SUSPENDED = "suspended"
    MISSING_PRICE = "missing_price"
    MISSING_VOLUME = "missing_volume"
    NOT_FINITE = "not_finite"
    NOT_POSITIVE_PRICE = "not_positive_price"
    CROSSED_OHLC = "crossed_ohlc"
    NEGATIVE_VOLUME = "negative_volume"
    NEGATIVE_AMOUNT = "negative_amount"
    BAD_ADJUSTMENT = "bad_adjustment"
    OUT_OF_RANGE = "out_of_range"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


MEANINGS: dict[Reason, str] = {
    Reason.BAD_LINE: "the line has more cells than the header, so which cell is which is unknown",
    Reason.BAD_SYMBOL: "the symbol is missing, longer than 64, or not printable ASCII without spaces",
    Reason.BAD_TIME: "the time is missing, cannot be read, or lies outside the years 1700 to 2199",
    Reason.NONEXISTENT_TIME: "the local time is skipped by a change of the clocks in this zone",
    Reason.AMBIGUOUS_TIME: "the local time occurs twice at a change of the clocks; a stamp with an offset is exact",
    Reason.NOT_A_NUMBER: "a column of numbers holds other text",
    Reason.SUSPENDED: "no volume and no price: the symbol did not trade, and there is no bar",
    Reason.MISSING_PRICE: "open, high, low or close is missing or NaN",
    Reason.MISSING_VOLUME: "the volume is missing or NaN",
    Reason.NOT_FINITE: "a number is infinite",
    Reason.NOT_POSITIVE_PRICE: "a price is zero or negative",
    Reason.CROSSED_OHLC: "open or close lies outside low to high",
    Reason.NEGATIVE_VOLUME: "the volume is negative",
    Reason.NEGATIVE_AMOUNT: "the turnover or open interest is negative",
    Reason.BAD_ADJUSTMENT: "price_factor or share_factor is missing, zero or negative",
    Reason.OUT_OF_RANGE: "a price or adjustment outside 1e-18 to 1e18, or an amount above 1e30",
    Reason.DUPLICATE: "the same bar stands earlier in the file",
    Reason.CONFLICT: "another bar of this symbol and time stands earlier in the file",
}

_REASON = pl.Enum([reason.value for reason in Reason])


def judge(rows: pl.DataFrame) -> pl.Series:
    """The first reason against each row of `rows` alone, null for a good one; repeats are found by `repeats`."""
    present = [name for name in NUMBERS if name in rows.columns]
    found = [pl.when(rule(present)).then(pl.lit(reason.value, dtype=_REASON)) for reason, rule in _RULES.items()]
    return rows.select(pl.coalesce(found).alias("reason"))["reason"]


def repeats(rows: pl.DataFrame) -> pl.DataFrame:
    """The later rows of a (time, symbol) in good rows in source order: `row` and `reason`."""
    key = ["time", "symbol"]
    again = rows.filter(~pl.struct(key).is_first_distinct())
    if again.is_empty():
        return again.select("row", pl.lit(None, dtype=_REASON).alias("reason"))
    numbers = [name for name in NUMBERS if name in rows.columns]
    first = rows.join(again.select(key).unique(), on=key, how="semi").unique(key, keep="first", maintain_order=True)
    both = again.join(first, on=key, how="left", suffix="_first", maintain_order="left")
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_first")) for name in numbers)
    verdict = pl.when(same).then(pl.lit(Reason.DUPLICATE.value)).otherwise(pl.lit(Reason.CONFLICT.value))
    return both.select("row", verdict.cast(_REASON).alias("reason"))


def count_reasons(reasons: pl.Series) -> dict[str, int]:
    """How many rows were refused for each reason that occurs, in the order of `Reason`."""
    counted = dict(reasons.cast(pl.String).value_counts().iter_rows())
    return {reason.value: counted[reason.value] for reason in Reason if reason.value in counted}


def _missing(name: str) -> pl.Expr:
    return pl.col(name).is_null() | pl.col(name).is_nan()


def _any(names: Sequence[str], test: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(test(pl.col(name)).fill_null(value=False) for name in names)


def _no_trade() -> pl.Expr:
    names = (*PRICES, "volume")
    return pl.all_horizontal((_missing(name) | (pl.col(name) == 0)).fill_null(value=True) for name in names)


def _crossed(_: Sequence[str]) -> pl.Expr:
    low, high = pl.col("low"), pl.col("high")
    return ~(pl.min_horizontal("open", "close") >= low) | ~(pl.max_horizontal("open", "close") <= high) | (high < low)


def _amounts(present: Sequence[str]) -> list[str]:
    return [name for name in present if name not in (*PRICES, *ADJUSTMENTS)]


def _unadjusted(present: Sequence[str]) -> pl.Expr:
    """A column that stands must say something for every bar: 1 is no adjustment, nothing is no answer."""
    names = [name for name in ADJUSTMENTS if name in present]
    wrong = [(_missing(name) | (pl.col(name) <= 0)).fill_null(value=True) for name in names]
    return pl.any_horizontal(pl.lit(value=False), *wrong)


def _beyond(present: Sequence[str]) -> pl.Expr:
    rates = [name for name in present if name in (*PRICES, *ADJUSTMENTS)]
    prices = _any(rates, lambda price: ~price.is_between(LEAST_PRICE, MOST_PRICE))
    return prices | _any(_amounts(present), lambda amount: amount.is_not_nan() & (amount > MOST_AMOUNT))


_RULES: dict[Reason, Callable[[Sequence[str]], pl.Expr]] = {
    Reason.BAD_LINE: lambda _: pl.col("surplus"),
    Reason.BAD_SYMBOL: lambda _: ~pl.col("symbol").str.contains(SYMBOL_PATTERN).fill_null(value=False),
    Reason.BAD_TIME: lambda _: pl.col("stamp").is_null(),
    Reason.NONEXISTENT_TIME: lambda _: pl.col("nonexistent"),
    Reason.AMBIGUOUS_TIME: lambda _: pl.col("ambiguous"),
    Reason.NOT_A_NUMBER: lambda _: pl.col("not_a_number"),
    Reason.SUSPENDED: lambda _: _no_trade(),
    Reason.MISSING_PRICE: lambda _: pl.any_horizontal(_missing(name) for name in PRICES),
    Reason.MISSING_VOLUME: lambda _: _missing("volume"),
    Reason.NOT_FINITE: lambda present: _any(present, lambda number: number.is_infinite()),
    Reason.NOT_POSITIVE_PRICE: lambda _: _any(PRICES, lambda price: price <= 0),
    Reason.CROSSED_OHLC: _crossed,
    Reason.NEGATIVE_VOLUME: lambda _: pl.col("volume") < 0,
    Reason.NEGATIVE_AMOUNT: lambda present: _any(_amounts(present), lambda amount: amount < 0),
    Reason.BAD_ADJUSTMENT: _unadjusted,
    Reason.OUT_OF_RANGE: _beyond,
}
