"""Walking over an exchange's history page by page, oldest first (pure)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Candle:
    """One bar as exchanges give it: when it opened (ms since 1970 UTC), prices and volume; None where unknown."""

    opened_ms: int
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: float | None


class Candles(Protocol):
    """An exchange's history; all three raise ExchangeError."""

    @property
    def page_bars(self) -> int:
        """How many bars a page may have."""
        ...

    def now_ms(self) -> int:
        """The exchange's own clock."""
        ...

    def page(self, symbol: str, interval: str, since_ms: int, /) -> list[Candle]:
        """Some bars from `since_ms` on, perhaps none, perhaps with the one that is still forming."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Bars of a symbol that open from `first_ms` to `last_ms`, both included; `interval` such as 1d or 15min."""

    symbol: str
    interval: str
    interval_ms: int
    first_ms: int
    last_ms: int


def walk(source: Candles, wanted: Wanted, now_ms: int) -> Iterator[list[Candle]]:
    """Pages of bars that are complete by `now_ms`, in order, none twice; it ends whatever the exchange answers."""
    since, step = wanted.first_ms, wanted.interval_ms
    last = min(wanted.last_ms, now_ms - step)
    while since <= last:
        page = source.page(wanted.symbol, wanted.interval, since)
        fresh = list(_in_order(candle for candle in page if since <= candle.opened_ms <= last))
        if fresh:
            yield fresh
            since = fresh[-1].opened_ms + step
        elif any(candle.opened_ms > last for candle in page):
            return
        else:
            # Nothing traded for a whole page, or not yet: what came later may be there all the same. A page may
            # begin a bar before what it was asked for.
            since += max(source.page_bars - 1, 1) * step


def _in_order(candles: Iterable[Candle]) -> Iterator[Candle]:
    known: dict[int, Candle] = {candle.opened_ms: candle for candle in candles}
    return (known[opened] for opened in sorted(known))
