"""Exchanges through ccxt, which is there only where somebody installed it."""

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from common.errors import ExchangeError
from common.market.importing.candles import Candle
from common.nearest import did_you_mean

INSTALL = "pip install -r requirements/fetch.lock"
FEWEST_BARS = 100
"""What every exchange gives on a page, where ccxt does not know how many it gives."""

RETRIES, PAUSE_MS = 3, 1000
PATIENCE_MS = 20_000


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange, its markets loaded; everything waits as long as its rate limit asks."""

    name: str
    page_bars: int
    _library: Any
    _client: Any

    @classmethod
    def open(cls, name: str, host: str | None = None) -> Self:
        """Connect; `host` (https://HOST) stands in for its own. ExchangeError with the closest name."""
        library = _library()
        if name not in library.exchanges:
            raise ExchangeError(f"ccxt knows no exchange {name!r}{did_you_mean(name, library.exchanges)}")
        client = getattr(library, name)({"enableRateLimit": True, "timeout": PATIENCE_MS})
        client.options |= {"maxRetriesOnFailure": RETRIES, "maxRetriesOnFailureDelay": PAUSE_MS}
        if host is not None:
            client.urls["api"] = _moved(client.urls["api"], host)
        if not client.has.get("fetchOHLCV"):
            raise ExchangeError(f"{name} gives no history of bars")
        found = cls(name, _page_bars(client), library, client)
        with found._named("its markets"):
            client.load_markets()
        return found

    def check(self, symbol: str, interval: str) -> None:
        """ExchangeError, with the closest one, for a symbol or an interval it does not have."""
        if symbol not in self._client.markets:
            raise ExchangeError(f"{self.name} has no symbol {symbol!r}{did_you_mean(symbol, self._client.markets)}")
        known = [_ours(each) for each in self._client.timeframes or {}]
        if interval not in known:
            raise ExchangeError(f"{self.name} has no bars of {interval!r}{did_you_mean(interval, known)}")

    def now_ms(self) -> int:
        """Its own clock where it tells it, else this machine's."""
        if not self._client.has.get("fetchTime"):
            return int(self._client.milliseconds())
        with self._named("its clock"):
            return int(self._client.fetch_time())

    def page(self, symbol: str, interval: str, since_ms: int) -> list[Candle]:
        """Bars from `since_ms` on."""
        with self._named(f"{symbol} from {self._client.iso8601(since_ms)}"):
            rows = self._client.fetch_ohlcv(symbol, _theirs(interval), since_ms, self.page_bars)
        try:
            return [Candle(int(row[0]), *row[1:6]) for row in rows]
        except (TypeError, ValueError) as error:
            raise ExchangeError(f"{self.name}, {symbol}: it answered with something that is no bar: {error}") from error

    @contextmanager
    def _named(self, what: str) -> Iterator[None]:
        try:
            yield
        except self._library.BaseError as error:
            text = " ".join(str(error).split())[:500]
            raise ExchangeError(f"{self.name}, {what}: {type(error).__name__}: {text}") from error


def _library() -> Any:
    try:
        return importlib.import_module("ccxt")
    except ImportError as error:
        raise ExchangeError(f"ccxt cannot be imported ({error}); install it with: {INSTALL}") from error


def _page_bars(client: Any) -> int:
    spot = (client.features or {}).get("spot") or {}
    limit = (spot.get("fetchOHLCV") or {}).get("limit")
    return int(limit) if limit else FEWEST_BARS


def _moved(urls: Any, host: str) -> Any:
    """Every address with another scheme and host."""
    if isinstance(urls, dict):
        return {name: _moved(each, host) for name, each in urls.items()}
    if not isinstance(urls, str):
        return urls
    to = urlsplit(host)
    if to.scheme not in {"http", "https"} or not to.netloc:
        raise ExchangeError(f"{host!r} is no address such as https://data-api.binance.vision")
    return urlunsplit(urlsplit(urls)._replace(scheme=to.scheme, netloc=to.netloc))


def _theirs(interval: str) -> str:
    return re.sub("min$", "m", interval)


def _ours(timeframe: str) -> str:
    return re.sub("m$", "min", timeframe)
