"""A made-up market in one file, as every peer reads it: prices that wander, volume, and bars that are missing."""

from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

COLUMNS = ("open", "high", "low", "close", "volume", "turnover")
SEED = 1
LAST = 20
"""Sections at the end of which values are compared."""


def write_market(path: Path, sections: int, symbols: int, missing: float = 0.0) -> None:
    """Write it as columns f8[6,B,S]."""
    np.save(path, market_of(sections, symbols, missing), allow_pickle=False)


def market_of(sections: int, symbols: int, missing: float = 0.0, seed: int = SEED) -> Floats:
    """Columns f8[6,B,S]; a share of the bars is missing at random, all their columns NaN."""
    random, shape = np.random.default_rng(seed), (sections, symbols)
    close = 50.0 * np.exp(np.cumsum(0.01 * random.standard_normal(shape), axis=0))
    opened = close * np.exp(0.003 * random.standard_normal(shape))
    high = np.maximum(opened, close) * np.exp(0.002 * random.random(shape))
    low = np.minimum(opened, close) * np.exp(-0.002 * random.random(shape))
    volume = np.round(1e5 * np.exp(random.standard_normal(shape)))
    turnover = volume * (low + (high - low) * random.random(shape))
    columns = np.stack([opened, high, low, close, volume, turnover])
    columns[:, random.random(shape) < missing] = np.nan
    return columns


def read_market(path: Path) -> dict[str, Floats]:
    """Return columns f8[B,S] by name, in memory."""
    return dict(zip(COLUMNS, np.load(path, allow_pickle=False), strict=True))


def symbols_of(count: int) -> tuple[str, ...]:
    """Names in ascending order."""
    return tuple(f"s{number:05d}" for number in range(count))
