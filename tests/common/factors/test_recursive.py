"""Recursive operators against TA-Lib, and how they treat bars that are missing or no numbers."""

import numpy as np
import pytest
import talib

from common.factors.definition import Kind
from common.factors.engine import Engine
from common.factors.operators import TABLE
from tests.common.factors.panels import assert_same_bits, block_of, compute, cut, market, plan_of, without_bar

TEXTS = {
    "ta_ema": lambda n: f"ta_ema(close, {n})",
    "ta_rsi": lambda n: f"ta_rsi(close, {n})",
    "ta_atr": lambda n: f"ta_atr(high, low, close, {n})",
    "ta_macd": lambda n: f"ta_macd(close, {n}, {2 * n + 1}, {n + 1})",
    "ta_macd_signal": lambda n: f"ta_macd_signal(close, {n}, {2 * n + 1}, {n + 1})",
    "ta_macd_histogram": lambda n: f"ta_macd_histogram(close, {n}, {2 * n + 1}, {n + 1})",
    "ta_adx": lambda n: f"ta_adx(high, low, close, {n})",
    "ta_plus_di": lambda n: f"ta_plus_di(high, low, close, {n})",
    "ta_minus_di": lambda n: f"ta_minus_di(high, low, close, {n})",
}
THEIRS = {
    "ta_ema": lambda bars, n: talib.EMA(bars["close"], n),
    "ta_rsi": lambda bars, n: talib.RSI(bars["close"], n),
    "ta_atr": lambda bars, n: talib.ATR(bars["high"], bars["low"], bars["close"], n),
    "ta_macd": lambda bars, n: talib.MACD(bars["close"], n, 2 * n + 1, n + 1)[0],
    "ta_macd_signal": lambda bars, n: talib.MACD(bars["close"], n, 2 * n + 1, n + 1)[1],
    "ta_macd_histogram": lambda bars, n: talib.MACD(bars["close"], n, 2 * n + 1, n + 1)[2],
    "ta_adx": lambda bars, n: talib.ADX(bars["high"], bars["low"], bars["close"], n),
    "ta_plus_di": lambda bars, n: talib.PLUS_DI(bars["high"], bars["low"], bars["close"], n),
    "ta_minus_di": lambda bars, n: talib.MINUS_DI(bars["high"], bars["low"], bars["close"], n),
    "ta_sma": lambda bars, n: talib.SMA(bars["close"], n),
    "ta_wma": lambda bars, n: talib.WMA(bars["close"], n),
    "ta_dema": lambda bars, n: talib.DEMA(bars["close"], n),
    "ta_tema": lambda bars, n: talib.TEMA(bars["close"], n),
    "ta_bbands_upper": lambda bars, n: talib.BBANDS(bars["close"], n, 1.5, 1.5)[0],
    "ta_bbands_middle": lambda bars, n: talib.BBANDS(bars["close"], n, 1.5, 1.5)[1],
    "ta_bbands_lower": lambda bars, n: talib.BBANDS(bars["close"], n, 1.5, 1.5)[2],
    "ta_cci": lambda bars, n: talib.CCI(bars["high"], bars["low"], bars["close"], n),
    "ta_mfi": lambda bars, n: talib.MFI(bars["high"], bars["low"], bars["close"], bars["volume"], n),
}
COMPOSED = {
    "ta_sma": lambda n: f"ta_sma(close, {n})",
    "ta_wma": lambda n: f"ta_wma(close, {n})",
    "ta_dema": lambda n: f"ta_dema(close, {n})",
    "ta_tema": lambda n: f"ta_tema(close, {n})",
    "ta_bbands_upper": lambda n: f"ta_bbands_upper(close, {n}, 1.5)",
    "ta_bbands_middle": lambda n: f"ta_bbands_middle(close, {n})",
    "ta_bbands_lower": lambda n: f"ta_bbands_lower(close, {n}, 1.5)",
    "ta_cci": lambda n: f"ta_cci(high, low, close, {n})",
    "ta_mfi": lambda n: f"ta_mfi(high, low, close, volume, {n})",
}
"""Those made of other operators, some of them without end, some folds."""

NAMES = [row.name for row in TABLE if row.kind is Kind.RECURSIVE]
LISTED = [row.name for row in TABLE if row.name.startswith("ta_")]


def test_every_recursive_operator_is_held_against_talib() -> None:
    """A new one without its counterpart fails here."""
    assert set(NAMES) == set(TEXTS)
    assert set(LISTED) == set(TEXTS | COMPOSED) == set(THEIRS)


@pytest.mark.parametrize("name", LISTED)
@pytest.mark.parametrize("window", [2, 3, 14, 50])
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_equals_talib_on_own_bars(name: str, window: int, missing: float) -> None:
    """From the first value to the last, within 1e-12, on each symbol's own bars."""
    block = market(300, 4, seed=window, missing=missing)
    block.columns["volume"][:] += 100.0
    # A range of its own for each bar: where the three prices stand still TA-Lib's answers are made up.
    block.columns["high"][:] += np.random.default_rng(window).uniform(0, 1, block.shape)
    values = compute(plan_of((TEXTS | COMPOSED)[name](window)), block, cuts=[1, 2, 70, 71, 200])[0]
    for symbol in range(4):
        there = ~np.isnan(block.columns["close"][:, symbol])
        bars = {column: block.columns[column][there, symbol] for column in ("high", "low", "close", "volume")}
        theirs = THEIRS[name](bars, window)
        np.testing.assert_allclose(values[there, symbol], theirs, rtol=1e-12, atol=1e-10)
        assert np.isnan(values[~there, symbol]).all()


def test_rsi_of_a_flat_series_is_that_of_talib() -> None:
    """Nothing moved: 0, as TA-Lib says, not 0 / 0."""
    values = compute(plan_of("ta_rsi(close, 5)"), block_of({"close": np.full((20, 1), 3.0)}))[0, :, 0]
    assert_same_bits(values, talib.RSI(np.full(20, 3.0), 5))


@pytest.mark.parametrize("name", NAMES)
def test_missing_bar_is_as_if_it_had_not_been(name: str) -> None:
    """Blanking: the values are those of the history without that bar."""
    block = market(120, 2, seed=3)
    plan = plan_of(TEXTS[name](6))
    blanked = compute(plan, without_bar(block, 60, 0))[0]
    shorter = block_of({name: np.delete(column, 60, axis=0) for name, column in block.columns.items()})
    expected = compute(plan, shorter)[0]
    assert np.isnan(blanked[60, 0])
    assert_same_bits(np.delete(blanked[:, 0], 60), expected[:, 0])
    assert_same_bits(blanked[:, 1], compute(plan, block)[0][:, 1])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_input_that_is_no_number_holds_the_state(name: str, bad: float) -> None:
    """The bar gives NaN, the ones after it go on from the last number; one bad value leaves no trace."""
    block = market(120, 1, seed=4)
    block.columns["close"][60] = bad
    values = compute(plan_of(TEXTS[name](6)), block)[0, :, 0]
    assert np.isnan(values[60])
    assert np.isfinite(values[61:]).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("window", [2, 6, 14])
def test_warm_means_right_to_twelve_digits(name: str, window: int) -> None:
    """After `warm_bars` own bars of it, a late start agrees with a long history."""
    plan = plan_of(TEXTS[name](window))
    block = market(1000, 1, seed=9)
    late = 1000 - plan.warm_bars
    long, short = compute(plan, block)[0, -1, 0], compute(plan, cut(block, late, 1000))[0, -1, 0]
    scale = max(100.0, block.columns["close"].max())
    assert abs(long - short) <= 2e-12 * scale


def test_state_survives_leaving_the_block() -> None:
    """A symbol that is left out of some blocks goes on where it was."""
    block = market(60, 1, seed=2)
    plan = plan_of("ta_ema(close, 5)")
    engine = Engine(plan)
    before = engine.update(cut(block, 0, 30)).values
    other = block_of({"close": np.ones((7, 1))})
    engine.update(type(block)(("zz",), other.columns, other.member))
    after = engine.update(cut(block, 30, 60)).values
    assert_same_bits(np.concatenate([before, after], axis=1), compute(plan, block))
