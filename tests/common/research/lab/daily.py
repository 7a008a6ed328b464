"""Daily bars of made-up symbols."""

from datetime import datetime, timedelta

import polars as pl

DAY = timedelta(days=1)
START = datetime(2024, 1, 1)  # noqa: DTZ001  stamps of daily bars have no zone


def bars(
    symbol: str = "A.X", days: int = 5, *, close: float = 10.0, first: int = 0, zone: str | None = None
) -> pl.DataFrame:
    """Daily bars of one symbol, one price throughout."""
    stamps = pl.Series("datetime", [START + DAY * (first + number) for number in range(days)])
    stamps = stamps if zone is None else stamps.dt.replace_time_zone(zone)
    numbers = {name: [close] * days for name in ("open", "high", "low", "close")}
    return pl.DataFrame({"datetime": stamps, "symbol": [symbol] * days, **numbers, "volume": [100.0] * days})
