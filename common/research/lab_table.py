"""A lab's bars as a table that datasets are made of."""

from collections.abc import Sequence

import polars as pl

from common.errors import BarFileError
from common.market.source import SURPLUS
from common.market.store import BarTable, sort_out
from common.nearest import did_you_mean
from common.research.lab import Lab
from common.research.lab.dates import Moment


def table_of(
    lab: Lab,
    interval: str,
    symbols: Sequence[str] | None = None,
    *,
    start: Moment | None = None,
    end: Moment | None = None,
    zone: str = "UTC",
) -> BarTable:
    """Good bars of some symbols (None: of all), judged as those of a file are; the error names unknown symbols."""
    known = lab.list_bar_symbols(interval)
    chosen = known if symbols is None else sorted(set(symbols))
    if unknown := [symbol for symbol in chosen if symbol not in set(known)]:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise BarFileError(f"{lab.root}: no {interval} bars of {unknown[0]!r}{more}{did_you_mean(unknown[0], known)}")
    if not chosen:
        raise BarFileError(f"{lab.root}: there are no {interval} bars; save some first")
    frame = lab.load_bar_df(chosen, interval, start, end)
    if frame.is_empty():
        raise BarFileError(f"{lab.root}: no {interval} bars between {start} and {end}")
    length = "1d" if interval in {"d", "1d", "daily"} else "1min"
    surplus = frame.with_columns(pl.lit(value=False).alias(SURPLUS))
    return sort_out(lab.root, lambda: surplus, zone=zone, interval=length)
