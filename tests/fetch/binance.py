"""A local server that speaks the public part of Binance's protocol: times, markets, candles, and its errors."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

DAY_MS = 86_400_000
FIRST_MS = 1_609_459_200_000
"""The market opened on 2021-01-01."""

INTERVALS = {"1m": 60_000, "15m": 900_000, "1d": DAY_MS}


@dataclass(slots=True)
class Market:
    """Two symbols, equal but in name, from FIRST_MS on; the bar that contains `now_ms` is forming.

    What goes wrong is said by request.
    """

    now_ms: int = FIRST_MS + 2500 * DAY_MS + DAY_MS // 2
    failures: dict[int, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    """Status and body instead of candles, by the number of the request for candles (1, 2, ...)."""
    asked: list[dict[str, str]] = field(default_factory=list)
    untraded: frozenset[int] = frozenset()
    """Numbers of bars that it leaves out."""

    def candles(self, query: dict[str, str]) -> list[list[Any]]:
        """At most `limit` bars from `startTime` on, as Binance gives them: text for prices, the forming one, too."""
        step = INTERVALS[query["interval"]]
        limit, since = min(int(query.get("limit", "500")), 1000), int(query.get("startTime", FIRST_MS))
        first = max(-(-since // step) * step, FIRST_MS)
        opens = range(first, min(self.now_ms, first + limit * step - 1) + 1, step)
        return [bar(opened, step) for opened in opens if (opened - FIRST_MS) // step not in self.untraded]


def bar(opened_ms: int, step: int) -> list[Any]:
    """The candle of this protocol; its numbers hang on its time alone."""
    close = 100.0 + (opened_ms // step) % 977 / 8
    numbers = [close - 0.5, close + 1.0, close - 1.0, close, 10.0 + (opened_ms // step) % 13]
    return [opened_ms, *(f"{each:.8f}" for each in numbers), opened_ms + step - 1, "0", 1, "0", "0", "0"]


SYMBOL = {
    "symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT", "baseAssetPrecision": 8,
    "quotePrecision": 8, "orderTypes": ["LIMIT"], "isSpotTradingAllowed": True, "isMarginTradingAllowed": False,
    "filters": [], "permissions": ["SPOT"],
}  # fmt: skip
SYMBOLS = [SYMBOL, SYMBOL | {"symbol": "ETHUSDT", "baseAsset": "ETH"}]


@contextmanager
def served(market: Market) -> Iterator[str]:
    """Its address, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            status, body = answer(market, url.path, {name: each[0] for name, each in parse_qs(url.query).items()})
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name it has there
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer(market: Market, path: str, query: dict[str, str]) -> tuple[int, Any]:
    """Status and body."""
    verb = path.rpartition("/")[2]
    if verb == "time":
        return 200, {"serverTime": market.now_ms}
    if verb == "exchangeInfo":
        return 200, {"serverTime": market.now_ms, "symbols": SYMBOLS if path.startswith("/api/") else []}
    if path != "/api/v3/klines":
        return 404, {"code": -1, "msg": f"no {path}"}
    market.asked.append(query)
    return market.failures.get(len(market.asked)) or (200, market.candles(query))
