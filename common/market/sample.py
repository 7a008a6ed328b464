"""A made-up market, the same bytes for the same seed: real bars' defects, and a weak signal that can be found.

Returns carry two effects: the last week's own return reverses, and a slow latent demand, seen only through the volume
it attracts, lifts prices. Both are small against the noise, as they are in a real market.
"""

from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.errors import ConfigError
from common.market.columns import PRICES

Floats = NDArray[np.float64]
LEAST_SYMBOLS, LEAST_DAYS = 20, 60
FIRST_DAY = date(2021, 1, 4)

REVERSAL, DEMAND = 0.06, 0.075
_LATE, _MISSING = 0.06, 0.002
_SUSPENDED_DAYS = 30


def sample_market(*, seed: int = 1, symbols: int = 220, days: int = 756) -> pl.DataFrame:
    """Daily bars as a file has them (datetime is the day's midnight); a few rows are bad on purpose."""
    if symbols < LEAST_SYMBOLS or days < LEAST_DAYS:
        raise ConfigError(
            f"symbols={symbols}, days={days}: a sample market needs {LEAST_SYMBOLS} symbols, {LEAST_DAYS} days or more"
        )
    random = np.random.default_rng(seed)
    columns = _bars(random, days, symbols)
    suspended = _suspended(days, symbols)
    for name in PRICES:
        columns[name][suspended] = np.nan
    for name in ("volume", "turnover"):
        columns[name][suspended] = 0.0
    return _spoil(random, _long(columns, _listed(random, days, symbols) | suspended))


def _bars(random: np.random.Generator, days: int, symbols: int) -> dict[str, Floats]:
    shape = (days, symbols)
    volatility = random.uniform(0.010, 0.026, symbols)
    demand = _autoregress(0.9, random.standard_normal(shape))
    log_close = np.cumsum(_returns(random, volatility, demand), axis=0) + np.log(random.uniform(20, 200, symbols))
    close = np.exp(log_close)
    before = np.vstack([close[:1], close[:-1]])
    opened = before * np.exp(0.3 * volatility * random.standard_normal(shape))
    reach = volatility * random.uniform(0.05, 0.9, (2, *shape))
    high = np.maximum(opened, close) * np.exp(reach[0])
    low = np.minimum(opened, close) * np.exp(-reach[1])
    prices = {
        name: np.maximum(np.round(values, 2), 0.01)
        for name, values in zip(PRICES, (opened, high, low, close), strict=True)
    }
    return prices | _amounts(random, prices, demand)


def _returns(random: np.random.Generator, volatility: Floats, demand: Floats) -> Floats:
    """Log returns: the market's, the symbol's own noise, and what last week's returns and demand foretell."""
    days, symbols = demand.shape
    market: Floats = 0.008 * random.standard_normal((days, 1))
    noise = random.standard_t(5, (days, symbols)) * np.sqrt(3 / 5)
    beta = random.uniform(0.6, 1.4, symbols)
    own = np.zeros((days, symbols))
    for day in range(days):
        week = own[max(day - 5, 0) : day].sum(axis=0) / np.sqrt(5)
        latent = demand[day - 1] if day else np.zeros(symbols)
        own[day] = noise[day] - REVERSAL * week + DEMAND * latent
    total: Floats = 0.0002 + beta * market + volatility * own
    return total


def _amounts(random: np.random.Generator, prices: dict[str, Floats], demand: Floats) -> dict[str, Floats]:
    """Volume that rises with demand, and turnover at a true average price inside the bar, not at the close."""
    shape = demand.shape
    usual: Floats = np.exp(random.uniform(np.log(2e4), np.log(2e6), shape[1]))
    bustle = _autoregress(0.6, random.standard_normal(shape))
    volume = np.maximum(np.round(usual * np.exp(0.4 * demand + 0.3 * bustle)), 100.0)
    place = random.beta(4, 4, shape)
    average = prices["low"] + place * (prices["high"] - prices["low"])
    return {"volume": volume, "turnover": np.round(volume * average, 2)}


def _autoregress(keep: float, noise: Floats) -> Floats:
    """A stationary first-order process of unit variance along the first axis."""
    values = noise.copy()
    for day in range(1, len(values)):
        values[day] = keep * values[day - 1] + np.sqrt(1 - keep**2) * noise[day]
    return values


def _suspended(days: int, symbols: int) -> NDArray[np.bool_]:
    """One symbol does not trade for a while, late enough for a replay to see it go and come back."""
    cells = np.zeros((days, symbols), np.bool_)
    begin = int(0.75 * days)
    cells[begin : begin + min(_SUSPENDED_DAYS, days // 10), symbols // 2] = True
    return cells


def _listed(random: np.random.Generator, days: int, symbols: int) -> NDArray[np.bool_]:
    """Where the file has a row: from each symbol's listing on, less a few that got lost."""
    first = np.zeros(symbols, np.int64)
    late = random.choice(symbols, max(1, int(_LATE * symbols)), replace=False)
    first[late] = random.integers(days // 10, int(0.9 * days), len(late))
    return (np.arange(days)[:, None] >= first) & (random.random((days, symbols)) >= _MISSING)


def _long(columns: dict[str, Floats], kept: NDArray[np.bool_]) -> pl.DataFrame:
    day, symbol = np.nonzero(kept)
    dates = np.busday_offset(np.datetime64(FIRST_DAY), np.arange(len(kept))).astype("datetime64[us]")
    names = np.array([f"S{number:04d}" for number in range(kept.shape[1])])
    cells = {name: values[day, symbol] for name, values in columns.items()}
    return pl.DataFrame({"datetime": dates[day], "symbol": names[symbol], **cells}).fill_nan(None)


def _spoil(random: np.random.Generator, frame: pl.DataFrame) -> pl.DataFrame:
    """Damage a few rows, and add a few that repeat one: each kind of error a checker should meet."""
    sound = np.flatnonzero(frame["close"].is_not_null().to_numpy())
    rows = random.choice(sound, 8, replace=False)
    mark = pl.int_range(pl.len())
    damaged = frame.with_columns(
        close=pl.when(mark.is_in(rows[:2])).then(None).otherwise("close"),
        high=pl.when(mark.is_in(rows[2:4])).then(pl.col("low") * 0.9).otherwise("high"),
        volume=pl.when(mark == rows[4]).then(-pl.col("volume")).otherwise("volume"),
        open=pl.when(mark == rows[5]).then(0.0).otherwise("open"),
    )
    again = frame[rows[6:7]]
    otherwise = frame[rows[7:8]].with_columns(pl.col("volume") + 100)
    return pl.concat([damaged, again, otherwise]).sort("datetime", "symbol", maintain_order=True)
