"""A market that goes on where a panel ends, for ever: any bar by its number, the same for the same seed and panel.

Returns have the sample market's two effects (last week's own return reverses, a latent demand lifts prices), prices
return slowly to where the panel left them, or they would run away in the long run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.errors import BarFileError
from common.market.panel import Panel
from common.market.sample import DEMAND, REVERSAL

Floats = NDArray[np.float64]

BLOCK, WARM_UP = 256, 2048
ALIVE_BARS, VOLUME_BARS = 20, 250
WEEK = 5
_KEEP_DEMAND, _KEEP_BUSTLE, _KEEP_PRICE = 0.9, 0.6, 0.99  # 0.99 ** WARM_UP is 1e-9: a block need not know the start
_MARKET, _OWN = 0.45, 0.9
_MISSING = 0.002
_VOLATILITY = (0.001, 0.05)


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """What goes on of each symbol, f8[S]: last close, volatility a bar, usual volume, and the places after the dot."""

    symbols: tuple[str, ...]
    level: Floats
    volatility: Floats
    volume: Floats
    scale: Floats
    has_turnover: bool

    @classmethod
    def of(cls, panel: Panel) -> "Traits":
        """Of the symbols that had a bar lately; raises BarFileError when none had."""
        present = panel.present
        alive = np.flatnonzero(present[-ALIVE_BARS:].any(axis=0))
        if not alive.size:
            raise BarFileError("the file of bars has no bar to go on from")
        close, volume = panel.columns["close"][:, alive], panel.columns["volume"][-VOLUME_BARS:, alive]
        level = np.array([column[~np.isnan(column)][-1] for column in close.T])
        scale = 10.0 ** np.maximum(2.0, 4.0 - np.floor(np.log10(level)))
        symbols = tuple(panel.symbols[place] for place in alive)
        usual = np.array([_usual(column) for column in volume.T])
        return cls(symbols, level, _volatility(close), usual, scale, "turnover" in panel.columns)


@dataclass(slots=True)
class _State:
    """Everything that carries over from bar to bar, f8[S] each; `own` f8[WEEK, S]."""

    demand: Floats
    bustle: Floats
    own: Floats
    price: Floats

    @classmethod
    def at_rest(cls, symbols: int) -> "_State":
        return cls(np.zeros(symbols), np.zeros(symbols), np.zeros((WEEK, symbols)), np.zeros(symbols))


class Continuation:
    """The bars numbered 1, 2, 3 ... after the panel's last section."""

    def __init__(self, panel: Panel, seed: int) -> None:
        """Measure the panel; raises BarFileError when there is nothing to go on from."""
        self.traits, self._seed = Traits.of(panel), seed
        self._beta = np.random.default_rng((seed, 0)).uniform(0.6, 1.4, len(self.traits.symbols))
        self._market = _MARKET * float(np.median(self.traits.volatility))

    def bars(self, first: int) -> Iterator[Mapping[str, Floats]]:
        """Columns f8[S] from bar `first` on, NaN where a symbol has no bar.

        A block is computed from a state of its own, so a bar has the same bits wherever one begins to read.
        """
        start = (first - 1) // BLOCK * BLOCK + 1
        while True:
            for number, columns in self._block(start):
                if number >= first:
                    yield columns
            start += BLOCK

    def _block(self, start: int) -> Iterator[tuple[int, Mapping[str, Floats]]]:
        state = _State.at_rest(len(self.traits.symbols))
        for number in range(max(start - WARM_UP, 1), start + BLOCK):
            random = np.random.default_rng((self._seed, number))
            before = state.price
            self._advance(state, random)
            if number >= start:
                yield number, self._columns(state, before, random)

    def _advance(self, state: _State, random: np.random.Generator) -> None:
        size = len(self.traits.symbols)
        market = self._market * random.standard_normal()
        noise = random.standard_t(5, size) * np.sqrt(3 / 5)
        own = noise - REVERSAL * state.own.sum(axis=0) / np.sqrt(WEEK) + DEMAND * state.demand
        state.own = np.vstack([state.own[1:], own])
        state.demand = _next(_KEEP_DEMAND, state.demand, random.standard_normal(size))
        state.bustle = _next(_KEEP_BUSTLE, state.bustle, random.standard_normal(size))
        state.price = _KEEP_PRICE * state.price + self._beta * market + _OWN * self.traits.volatility * own

    def _columns(self, state: _State, before: Floats, random: np.random.Generator) -> Mapping[str, Floats]:
        traits, size = self.traits, len(self.traits.symbols)
        close = traits.level * np.exp(state.price)
        opened = traits.level * np.exp(before + 0.3 * traits.volatility * random.standard_normal(size))
        reach = traits.volatility * random.uniform(0.05, 0.9, (2, size))
        high, low = np.maximum(opened, close) * np.exp(reach[0]), np.minimum(opened, close) * np.exp(-reach[1])
        prices = {
            name: np.maximum(np.round(values * traits.scale), 1.0) / traits.scale
            for name, values in {"open": opened, "high": high, "low": low, "close": close}.items()
        }
        volume = np.maximum(np.round(traits.volume * np.exp(0.4 * state.demand + 0.3 * state.bustle)), 1.0)
        columns = {**prices, "volume": volume}
        if traits.has_turnover:
            place = random.beta(4, 4, size)
            columns["turnover"] = volume * (prices["low"] + place * (prices["high"] - prices["low"]))
        absent = random.random(size) < _MISSING
        return {name: np.where(absent, np.nan, values) for name, values in columns.items()}


def _next(keep: float, value: Floats, noise: Floats) -> Floats:
    """One step of a stationary first-order process of unit variance."""
    stepped: Floats = keep * value + np.sqrt(1 - keep**2) * noise
    return stepped


def _volatility(close: Floats) -> Floats:
    """Standard deviation of the log returns of each symbol's own bars, within bounds; the median for a new one."""
    found = np.array([_spread(np.diff(np.log(column[~np.isnan(column)]))) for column in close.T])
    usual = np.nanmedian(found) if np.isfinite(found).any() else np.mean(_VOLATILITY)
    bounded: Floats = np.clip(np.where(np.isfinite(found), found, usual), *_VOLATILITY)
    return bounded


def _spread(returns: Floats) -> float:
    return float(returns.std()) if returns.size > 1 else np.nan


def _usual(volume: Floats) -> float:
    known = volume[~np.isnan(volume)]
    return float(np.median(known)) if known.size else 1.0
