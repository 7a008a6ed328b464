"""A million bars with things in them that running sums never forget: `python -m tests.common.factors.long_run`.

Every fold must be what an engine gives that has seen its last window alone, to the bit; every recursive operator what
TA-Lib gives over all bars, to 1e-12 of its scale. Options: --bars, --seed.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import talib
from numpy.typing import NDArray

from common.factors.block import Block
from common.factors.definition import Kind
from common.factors.engine import Engine
from common.factors.operators import TABLE
from tests.common.factors.panels import Floats, assert_same_bits, block_of, cut, plan_of, text_of

WHOLE = 1_000_000
WINDOWS = (5, 60)
REACH = 200
"""Sections a fresh engine is given: sixty own bars, whoever misses some."""

PERIOD = 14
SPIKES = (np.inf, -np.inf, np.nan, 1e12)
RARE = 2e-4
MISSING = 0.01
FOLDS = {
    f"{row.name} {window}": text_of(row, ("close", "volume"), window)
    for row in TABLE
    if row.kind is Kind.FOLD
    for window in WINDOWS
}
RECURSIVE = {
    "ta_ema": f"ta_ema(close, {PERIOD})",
    "ta_rsi": f"ta_rsi(close, {PERIOD})",
    "ta_atr": f"ta_atr(high, low, close, {PERIOD})",
    "ta_macd": "ta_macd(close, 12, 26, 9)",
    "ta_macd_signal": "ta_macd_signal(close, 12, 26, 9)",
    "ta_macd_histogram": "ta_macd_histogram(close, 12, 26, 9)",
    "ta_adx": f"ta_adx(high, low, close, {PERIOD})",
    "ta_plus_di": f"ta_plus_di(high, low, close, {PERIOD})",
    "ta_minus_di": f"ta_minus_di(high, low, close, {PERIOD})",
}


@dataclass(frozen=True, slots=True)
class Report:
    """How many windows were equal, and how far the worst value of each recursive operator is from TA-Lib's."""

    windows: int
    apart: dict[str, float]


def spiked(bars: int, seed: int, symbols: int = 3) -> Block:
    """Make prices that wander, with rare spikes in single columns and bars that are missing."""
    random, shape = np.random.default_rng(seed), (bars, symbols)
    # Drawn back, so that a million steps lead neither to nothing nor beyond all bounds.
    close = 50.0 * np.exp(0.3 * np.sin(np.cumsum(0.02 * random.standard_normal(shape), axis=0)))
    close *= 1.0 + 0.01 * random.standard_normal(shape)
    columns = {
        "close": close,
        "high": close + random.uniform(0.01, 1.0, shape),
        "low": close - random.uniform(0.01, 1.0, shape),
        "volume": random.uniform(1.0, 1e6, shape),
    }
    for column in columns.values():
        for spike in SPIKES:
            column[random.random(shape) < RARE] = spike
    gone = random.random(shape) < MISSING
    for column in columns.values():
        column[gone] = np.nan
    return block_of(columns)


def pieces_of(block: Block, seed: int) -> Iterator[tuple[int, Block]]:
    """Cut a history at random: thousands of sections, a few, and one by one."""
    random, first = np.random.default_rng(seed), 0
    while first < len(block.member):
        last = min(first + int(random.choice([1, 1, 3, 70, 5000])), len(block.member))
        yield first, cut(block, first, last)
        first = last


def looked_at(bars: int, seed: int) -> NDArray[np.int64]:
    """Choose sections: the last ones, and one in some hundred."""
    some = np.random.default_rng(seed).integers(REACH, bars, max(50, bars // 1000))
    return np.unique(np.concatenate([some, np.arange(max(REACH, bars - 20), bars)]))


def run(bars: int, seed: int) -> Report:
    """Run one engine over everything, and hold it against others; AssertionError where a bit differs."""
    block, chosen = spiked(bars, seed), looked_at(bars, seed)
    engine = Engine(plan_of(*FOLDS.values(), *RECURSIVE.values()))
    recursive = np.empty((len(RECURSIVE), *block.shape))
    folds = np.empty((len(FOLDS), len(chosen), block.shape[1]))
    for first, piece in pieces_of(block, seed):
        values, last = engine.update(piece).values, first + len(piece.member)
        recursive[:, first:last] = values[len(FOLDS) :]
        places = np.flatnonzero((chosen >= first) & (chosen < last))
        folds[:, places] = values[: len(FOLDS), chosen[places] - first]
    return Report(_check_folds(block, chosen, folds), _apart(block, recursive))


def _check_folds(block: Block, chosen: NDArray[np.int64], folds: Floats) -> int:
    plan = plan_of(*FOLDS.values())
    for place, section in enumerate(chosen.tolist()):
        alone = Engine(plan).update(cut(block, section - REACH, section + 1)).values[:, -1]
        assert_same_bits(folds[:, place], alone)
    return int(np.isfinite(folds).sum())


def _apart(block: Block, recursive: Floats) -> dict[str, float]:
    """Return the largest distance from TA-Lib, as a share of each operator's scale."""
    worst = dict.fromkeys(RECURSIVE, 0.0)
    for symbol in range(block.shape[1]):
        prices = {name: block.columns[name][:, symbol] for name in ("close", "high", "low")}
        for number, name in enumerate(RECURSIVE):
            read = ("high", "low", "close") if "high" in RECURSIVE[name] else ("close",)
            known = np.all([np.isfinite(prices[each]) for each in read], axis=0)
            theirs, scale = oracle(name, {each: prices[each][known] for each in prices})
            distance = np.abs(recursive[number, known, symbol] - theirs) / scale
            assert np.array_equal(np.isnan(distance), np.isnan(theirs)), f"{name} has other values than TA-Lib"
            worst[name] = max(worst[name], float(np.nanmax(distance)))
    return worst


def oracle(name: str, bars: dict[str, Floats]) -> tuple[Floats, Floats]:
    """Return TA-Lib's values and their scale: 100 for shares, for the rest the mean of what they are made of."""
    close, high, low = (bars[each] for each in ("close", "high", "low"))
    if name.startswith("ta_macd"):
        place = ("ta_macd", "ta_macd_signal", "ta_macd_histogram").index(name)
        return talib.MACD(close, 12, 26, 9)[place], talib.EMA(np.abs(close), 26)
    if name == "ta_ema":
        return talib.EMA(close, PERIOD), talib.EMA(np.abs(close), PERIOD)
    if name == "ta_atr":
        found = talib.ATR(high, low, close, PERIOD)
        return found, found
    shares = {"ta_adx": talib.ADX, "ta_plus_di": talib.PLUS_DI, "ta_minus_di": talib.MINUS_DI}
    found = talib.RSI(close, PERIOD) if name == "ta_rsi" else shares[name](high, low, close, PERIOD)
    return found, np.full_like(close, 100.0)


def main() -> None:
    """Say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=WHOLE)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    report = run(options.bars, options.seed)
    sys.stdout.write(f"{options.bars:,} bars: {report.windows:,} values of folds equal a fresh engine's to the bit\n")
    for name, apart in report.apart.items():
        sys.stdout.write(f"{name:18} at most {apart:.1e} of its scale from TA-Lib\n")


if __name__ == "__main__":
    main()
