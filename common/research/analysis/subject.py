"""What is analysed: values of members by section, and the returns that followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.amounts import amount
from common.errors import BarFileError, FactorError
from common.factors.labels import label_values
from common.market.panel import Panel
from common.market.span import Span
from common.market.stamps import read_stamps
from common.nearest import did_you_mean
from common.research.history import block_of
from common.research.periods import shown

Floats = NDArray[np.float64]

ENTRY_BARS = 1
"""A value known at a bar's close can be acted on at the next one's at the earliest."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """`values` f8[B,S], NaN where there is none; `returns` by horizon in own bars, f8[B,S]; `stamp` i8[B] ns."""

    name: str
    stamp: NDArray[np.int64]
    symbols: tuple[str, ...]
    values: Floats
    returns: Mapping[int, Floats]

    @property
    def horizons(self) -> tuple[int, ...]:
        """Horizons, ascending, in bars."""
        return tuple(sorted(self.returns))


def forward_returns(panel: Panel, horizons: Sequence[int], entry_bars: int = ENTRY_BARS) -> dict[int, Floats]:
    """Return from `entry_bars` after a bar to `horizon` bars later, close to close, on each symbol's own clock."""
    if not horizons or min(horizons) < 1:
        told = f"{min(horizons)} is no horizon" if horizons else "there is no horizon"
        raise FactorError(f"{told}: returns are over 1 bar or more, such as 1,5,10")
    if entry_bars < 0:
        raise FactorError(f"entry {entry_bars}: a value is traded 0 bars after it is known, or more")
    block = block_of(panel, panel.present)
    enter = f"ts_delay(close, -{entry_bars})" if entry_bars else "close"
    return {
        horizon: label_values(f"ts_delay(close, -{entry_bars + horizon}) / {enter} - 1", block) for horizon in horizons
    }


def subject_of(
    name: str, panel: Panel, frame: pl.DataFrame, column: str, horizons: Sequence[int], *, clock: str | None = None
) -> Subject:
    """Place a long frame's `column` (datetime as the source stamped it, symbol) on the panel it was made from.

    clock: zone of the bars' stamps, into which a datetime with a zone is turned; None: it is read as it stands.
    Sections before the first and after the last value are left out. BarFileError where not one row belongs to a bar,
    or two belong to the same.
    """
    keyed = _keyed(name, frame, column, clock)
    placed = _placed(keyed, panel)
    _check_once(name, placed, panel)
    values = np.full((len(panel), len(panel.symbols)), np.nan)
    values[placed["section"], placed["place"]] = placed["value"].to_numpy()
    inside = np.flatnonzero(np.isfinite(values).any(axis=1))
    if not inside.size:
        raise BarFileError(
            f"{name}: none of its {frame.height:,} rows has a value, and a datetime and symbol of the bars; "
            f"{_apart(keyed, panel)}"
        )
    kept = slice(inside[0], inside[-1] + 1)
    returns = {horizon: found[kept] for horizon, found in forward_returns(panel, horizons).items()}
    return Subject(name, panel.stamp[kept], panel.symbols, values[kept], returns)


def _apart(keyed: pl.DataFrame, panel: Panel) -> str:
    """When and of whom the values are, and the bars: what to look at where they do not meet."""
    valued = keyed.drop_nulls("stamp").filter(pl.col("value").is_finite())
    if valued.is_empty():
        return "it holds no number beside a datetime"
    theirs = valued.select(pl.col("stamp").min().alias("first"), pl.col("stamp").max().alias("last")).row(0)
    named, known = set(valued["symbol"].drop_nulls()), set(panel.symbols)
    strange = min(named - known, default=None)
    close = "" if strange is None or named & known else did_you_mean(strange, known)
    return (
        f"its values are of {shown(Span(*theirs))} and {_some(named)}, the bars of "
        f"{shown(Span(int(panel.stamp.min()), int(panel.stamp.max())))} and {_some(known)}{close}"
    )


def _some(symbols: set[str]) -> str:
    return f"{amount(len(symbols), 'symbol')} such as {min(symbols)!r}" if symbols else "no symbol"


def _placed(keyed: pl.DataFrame, panel: Panel) -> pl.DataFrame:
    """Rows with the section and the place they belong to; none where clocks went back: which of two is not said."""
    stamps = pl.DataFrame({"stamp": panel.stamp}).with_row_index("section").unique("stamp", keep="none")
    symbols = pl.DataFrame({"symbol": panel.symbols}).with_row_index("place")
    return keyed.drop_nulls().join(stamps, on="stamp").join(symbols, on="symbol")


def _check_once(name: str, placed: pl.DataFrame, panel: Panel) -> None:
    """Refuse two values at one bar: which of them counts is not said."""
    again = placed.filter(pl.struct("section", "place").is_duplicated()).sort("section", "place")
    if again.height:
        first = again.row(0, named=True)
        when = panel.stamp[first["section"]].astype("datetime64[ns]").astype("datetime64[s]")
        raise BarFileError(
            f"{name}: {again.height:,} rows stand at a datetime and symbol that another one has, such as "
            f"{panel.symbols[first['place']]} at {when}: leave one row for each bar"
        )


def _keyed(name: str, frame: pl.DataFrame, column: str, clock: str | None) -> pl.DataFrame:
    """Columns stamp (ns, on the bars' clock), symbol and value."""
    raw, told = frame["datetime"], frame["symbol"]
    if not isinstance(raw.dtype, pl.Datetime | pl.Date | pl.String) or told.dtype not in {pl.String, pl.Categorical}:
        raise BarFileError(f"{name}: datetime must be a time and symbol a text; they are {raw.dtype} and {told.dtype}")
    if clock is not None and isinstance(raw.dtype, pl.Datetime) and raw.dtype.time_zone is not None:
        raw = raw.dt.convert_time_zone(clock)
    walls = read_stamps(raw, clock or "UTC").select("raw", pl.col("wall").dt.timestamp("ns").alias("stamp"))
    try:
        value = frame[column].cast(pl.Float64)
    except pl.exceptions.PolarsError as error:
        raise BarFileError(f"{name}: column {column!r} holds what is no number: {error}") from error
    rows = pl.DataFrame({"raw": raw, "symbol": told.cast(pl.String), "value": value})
    return rows.join(walls, on="raw", how="left", maintain_order="left").drop("raw")
