"""Loading a file of bars: stamps turned into close times, bad rows refused with a reason, good rows in order."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.errors import BarFileError
from common.market.checks import count_reasons, judge, repeats
from common.market.columns import DATETIME, NUMBERS
from common.market.source import SURPLUS, check_zone, read_source, symbol_column
from common.market.stamp_form import StampForm
from common.market.stamps import (
    Stamped,
    Stamping,
    close_times,
    find_interval,
    find_stamped,
    parse_interval,
    read_stamps,
)

# How files write that there is no number, besides NaN, which is one.
_ABSENT = [
    "",
    "-",
    *(form(word) for word in ("na", "n/a", "null", "none") for form in (str.lower, str.upper, str.title)),
]


@dataclass(frozen=True, slots=True)
class BarTable:
    """The bars of a file: `frame` (good rows by time and symbol) and `rejected` (row, raw columns as text, reason).

    `symbol_column` and `datetime_type` are the file's own, so that results can be made to join with it.
    """

    frame: pl.DataFrame
    rejected: pl.DataFrame
    interval_ns: int
    stamped: Stamped
    zone: str
    symbol_column: str
    datetime_type: pl.DataType

    @property
    def times(self) -> NDArray[np.int64]:
        """Distinct close times of the good rows, ascending, ns."""
        return self.frame["time"].unique(maintain_order=True).to_numpy()

    @property
    def form(self) -> StampForm:
        """How the file writes its stamps."""
        return StampForm(self.datetime_type, Stamping(self.interval_ns, self.stamped, self.zone).ahead_ns)

    @property
    def rejected_by_reason(self) -> dict[str, int]:
        """How many rows were refused, by reason; reasons that did not occur are left out."""
        return count_reasons(self.rejected["reason"])


def load_bars(
    path: Path | str,
    *,
    zone: str = "UTC",
    stamp: Literal["auto", "open", "close"] = "auto",
    interval: str = "auto",
) -> BarTable:
    """Load parquet or CSV. A datetime column with a zone of its own keeps it; otherwise `zone` is the local clock's."""
    path = Path(path)
    return sort_out(path, lambda: read_source(path), zone=zone, stamp=stamp, interval=interval)


def sort_out(
    path: Path,
    read: Callable[[], pl.DataFrame],
    *,
    zone: str = "UTC",
    stamp: Literal["auto", "open", "close"] = "auto",
    interval: str = "auto",
    needs_good: bool = True,
) -> BarTable:
    """Good rows and refused ones of what `read` gives (as `read_source` does); `path` names it in errors.

    needs_good: BarFileError where no row is good; without it the table is then empty.
    """
    if stamp not in {"auto", "open", "close"}:
        raise BarFileError(f"stamp {stamp!r} for {path} is not one of auto, open, close")
    check_zone(path, zone)
    raw = read()
    values = read_stamps(raw[DATETIME], zone)
    stamping = settle(path, raw, values["wall"], zone=zone, stamp=stamp, interval=interval)
    good, refused = sift(raw, values, stamping)
    if needs_good and good.is_empty():
        raise BarFileError(_nothing_left(path, refused, raw))
    rejected = _with_raw(raw, refused)
    return BarTable(
        good,
        rejected,
        interval_ns=stamping.interval_ns,
        stamped=stamping.stamped,
        zone=stamping.zone,
        symbol_column=symbol_column(raw),
        datetime_type=raw.schema[DATETIME],
    )


def sift(raw: pl.DataFrame, values: pl.DataFrame, stamping: Stamping) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Good rows of `read_source` in canonical form, and `row` and `reason` of the rest; `values` of `read_stamps`."""
    return _divide(_candidates(raw, close_times(values, stamping)))


def settle(path: Path, raw: pl.DataFrame, wall: pl.Series, *, zone: str, stamp: str, interval: str) -> Stamping:
    """What was asked for, and for `auto` what the stamps show."""
    dtype = raw.schema[DATETIME]
    own_zone = dtype.time_zone if isinstance(dtype, pl.Datetime) else None
    stamps = wall.dt.timestamp("ns")
    length = find_interval(stamps) if interval == "auto" else parse_interval(interval)
    if length is None:
        raise BarFileError(
            f"column {DATETIME} of {path} has fewer than two distinct times that can be read "
            f"(first value: {raw[DATETIME][0]}), so the interval is unknown; give one such as 1d"
        )
    stamped: Stamped = find_stamped(stamps, length) if stamp == "auto" else "open" if stamp == "open" else "close"
    return Stamping(length, stamped, own_zone or zone)


def _candidates(raw: pl.DataFrame, times: pl.DataFrame) -> pl.DataFrame:
    """Every row of the file in the terms of a bar, before it is judged."""
    present = [name for name in NUMBERS if name in raw.columns]
    texts = [name for name in present if not raw.schema[name].is_numeric()]
    cleaned = raw.with_columns(pl.col(texts).cast(pl.String).str.strip_chars())
    numbers = cleaned.select(pl.col(present).cast(pl.Float64, strict=False))
    strange = [numbers[name].is_null() & cleaned[name].is_not_null() & ~cleaned[name].is_in(_ABSENT) for name in texts]
    rows = cleaned.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("row"),
        pl.col(DATETIME).alias("raw"),
        pl.col(symbol_column(raw)).cast(pl.String).alias("symbol"),
        SURPLUS,
        pl.any_horizontal(pl.lit(value=False), *strange).alias("not_a_number"),
    )
    return rows.hstack(numbers).join(times, on="raw", how="left", nulls_equal=True, maintain_order="left")


def _divide(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Good rows in canonical form, and the `row` and `reason` of the rest in source order."""
    present = [name for name in NUMBERS if name in rows.columns]
    judged = rows.with_columns(judge(rows))
    sound = judged.filter(pl.col("reason").is_null())
    again = repeats(sound)
    refused = pl.concat([judged.filter(pl.col("reason").is_not_null()).select("row", "reason"), again]).sort("row")
    kept = sound.filter(~pl.col("row").is_in(again["row"].implode())) if again.height else sound
    # One form for one content: no -0.0, and a missing optional number is NaN.
    numbers = [
        pl.when(pl.col(name) == 0).then(0.0).otherwise(name).fill_null(float("nan")).alias(name) for name in present
    ]
    return kept.select("time", "stamp", "symbol", *numbers).sort("time", "symbol"), refused


def _with_raw(raw: pl.DataFrame, refused: pl.DataFrame) -> pl.DataFrame:
    texts = raw[refused["row"]].select(pl.exclude(SURPLUS).cast(pl.String))
    return pl.concat([refused.select("row"), texts, refused.select(pl.col("reason").cast(pl.String))], how="horizontal")


def _nothing_left(path: Path, refused: pl.DataFrame, raw: pl.DataFrame) -> str:
    counts = ", ".join(f"{reason} {count}" for reason, count in count_reasons(refused["reason"]).items())
    first = raw.drop(SURPLUS).row(0, named=True)
    shown = ", ".join(f"{name}={value!r}" for name, value in first.items())
    return f"all {raw.height} rows of {path} were refused ({counts}); the first is {shown}; mend the file's columns"
