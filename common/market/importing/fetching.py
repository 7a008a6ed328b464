"""Fetching a history: what is missing after the last bar saved, put where it belongs as it comes."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from common.errors import ExchangeError
from common.market.columns import DATETIME, REQUIRED
from common.market.durations import DAY_NS
from common.market.importing.candles import MS, Candle, Candles, Wanted, walk
from common.market.importing.keepers import Keeper
from common.market.source import SURPLUS, as_source
from common.market.stamps import Stamped
from common.market.store import BarTable, sort_out

BATCH_BARS = 20_000
"""Bars in memory before they are put on disk."""

# Called with how much of the span is behind (ms), and how long it is.
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Fetched:
    """What came of it: bars saved, bars refused by reason, and the close of the last bar that had been there (ns)."""

    bars: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    known_ns: int | None = None


def silent(done: int, most: int) -> None:
    """Progress for nobody."""


def fetch(source: Candles, wanted: Wanted, name: str, keeper: Keeper, progress: Progress = silent) -> Fetched:
    """Save what is complete of a symbol under a name, from the last bar saved on; a bar that is forming is left out.

    ExchangeError where the exchange fails in the middle: what came before is saved, and the next call goes on.
    """
    found = Fetched(known_ns=keeper.last_close(name))
    first = wanted.first_ms if found.known_ns is None else max(wanted.first_ms, found.known_ns // MS)
    left = Wanted(wanted.symbol, wanted.interval, wanted.interval_ms, first, wanted.last_ms)
    batch: list[Candle] = []
    try:
        now = source.now_ms()
        end = min(wanted.last_ms, now - wanted.interval_ms)
        for page in walk(source, left, now):
            batch += page
            progress(page[-1].opened_ms - first, end - first)
            if len(batch) >= BATCH_BARS:
                _save(batch, wanted, name, keeper, found)
                batch = []
    except ExchangeError as error:
        _save(batch, wanted, name, keeper, found)
        batch = []
        raise ExchangeError(f"{error}. {found.bars:,} bars of {name} are saved; run it again to go on") from error
    finally:
        _save(batch, wanted, name, keeper, found)  # also when somebody has had enough
    return found


def _save(batch: Sequence[Candle], wanted: Wanted, name: str, keeper: Keeper, found: Fetched) -> None:
    if batch:
        table = table_of(batch, name, wanted.interval, wanted.interval_ms)
        if table.frame.height:
            keeper.save(table)
        found.bars += table.frame.height
        found.refused.update(table.rejected_by_reason)


def table_of(candles: Sequence[Candle], name: str, interval: str, interval_ms: int) -> BarTable:
    """Good bars, perhaps none, and refused ones: days that open at midnight UTC as dates, all else at its close."""
    dated = interval_ms * MS % DAY_NS == 0 and all(each.opened_ms * MS % DAY_NS == 0 for each in candles)
    later = 0 if dated else interval_ms
    stamps = pl.Series(DATETIME, [each.opened_ms + later for each in candles], dtype=pl.Int64).cast(pl.Datetime("ms"))
    numbers = [pl.Series(each, [getattr(one, each) for one in candles], dtype=pl.Float64) for each in REQUIRED]
    frame = pl.DataFrame([stamps, *numbers]).with_columns(
        pl.lit(name).alias("symbol"), pl.lit(value=False).alias(SURPLUS)
    )
    path = Path(f"what came of {name}")
    stamped: Stamped = "open" if dated else "close"
    return sort_out(
        path, lambda: as_source(path, frame, lambda: frame.columns), stamp=stamped, interval=interval, needs_good=False
    )
