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
}
THEIRS = {
    "ta_ema": lambda bars, n: talib.EMA(bars["close"], n),
    "ta_rsi": lambda bars, n: talib.RSI(bars["close"], n),
    "ta_atr": lambda bars, n: talib.ATR(bars["high"], bars["low"], bars["close"], n),
}
NAMES = [row.name for row in TABLE if row.kind is Kind.RECURSIVE]


def test_every_recursive_operator_is_held_against_talib() -> None:
    """A new one without its counterpart fails here."""
    assert set(NAMES) == set(TEXTS) == set(THEIRS)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("window", [2, 3, 14, 50])
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_equals_talib_on_own_bars(name: str, window: int, missing: float) -> None:
    """From the first value to the last, within 1e-12, on each symbol's own bars."""
    block = market(300, 4, seed=window, missing=missing)
    values = compute(plan_of(TEXTS[name](window)), block, cuts=[1, 2, 70, 71, 200])[0]
    for symbol in range(4):
        there = ~np.isnan(block.columns["close"][:, symbol])
        bars = {column: block.columns[column][there, symbol] for column in ("high", "low", "close")}
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
    scale = {"ta_ema": block.columns["close"].max(), "ta_rsi": 100.0, "ta_atr": block.columns["close"].max()}[name]
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
