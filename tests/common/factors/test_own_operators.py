"""A user's own operators: compositions by text, functions of windows, and what is refused when they are made."""

from collections.abc import Callable

import numpy as np
import pytest

from common.errors import ExpressionError, FactorError
from common.factors.definition import Operator
from common.factors.engine import Engine
from common.factors.own_operators import composition, window_operator
from common.factors.plan import Plan, compile_set
from common.factors.sets import FactorSet
from tests.common.factors.panels import LABEL, Floats, assert_same_bits, compute, market, plan_of, without_bar


@window_operator("ts_spread(x, window)")
def ts_spread(values: Floats) -> float:
    """Largest less smallest."""
    return values.max() - values.min()  # type: ignore[no-any-return]  # a number


@window_operator("ts_dot(x, y, window)")
def ts_dot(x: Floats, y: Floats) -> float:
    """Oldest of x times newest of y."""
    return x[0] * y[-1]  # type: ignore[no-any-return]  # a number


def own_plan(*texts: str, operators: tuple[Operator, ...] = (ts_spread, ts_dot)) -> Plan:
    """Compile texts that may use own operators."""
    named = tuple((f"f{i}", text) for i, text in enumerate(texts))
    return compile_set(FactorSet("own", named, LABEL, operators=operators))


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_a_function_of_windows_equals_the_same_of_operators(missing: float) -> None:
    """In any blocks, on own bars, of histories that are remembered or remade, and as part of other expressions."""
    block = market(90, 4, seed=3, missing=missing)
    plan = own_plan(
        "ts_spread(close, 7)",
        "ts_dot(close, volume, 5)",
        "ts_mean(ts_spread(close - open, 4), 3)",
        "cs_rank(ts_spread(ts_delay(close, 2), 6))",
    )
    whole = "0 * ts_sum(X, W)"
    theirs = plan_of(
        "ts_max(close, 7) - ts_min(close, 7) + " + whole.replace("X", "close").replace("W", "7"),
        "ts_delay(close, 4) * volume",
        "ts_mean(ts_max(close - open, 4) - ts_min(close - open, 4) + 0 * ts_sum(close - open, 4), 3)",
        "cs_rank(ts_max(ts_delay(close, 2), 6) - ts_min(ts_delay(close, 2), 6) + 0 * ts_sum(ts_delay(close, 2), 6))",
    )
    ours = compute(plan, block, cuts=[1, 2, 30])
    assert_same_bits(ours, compute(theirs, block))
    assert_same_bits(ours, compute(plan, block, cuts=range(90)))
    assert (plan.look_back, plan.warm_bars) == (7, 8)


def test_a_missing_bar_is_as_if_it_had_not_been() -> None:
    """Blanking holds for a user's operator too."""
    block = market(40, 2, seed=5)
    blanked = compute(own_plan("ts_spread(close, 6)"), without_bar(block, 20, 0))[0, :, 0]
    shorter = {name: np.delete(column, 20, axis=0) for name, column in block.columns.items()}
    expected = compute(own_plan("ts_spread(close, 6)"), type(block)(block.symbols, shorter, block.member[1:]))[0, :, 0]
    assert np.isnan(blanked[20])
    assert_same_bits(np.delete(blanked, 20), expected)


def test_a_composition_is_what_it_stands_for() -> None:
    """The same nodes, hence the same digest; compositions may use others and functions."""
    gap = composition("gap(x, y)", "(x - y) / y")
    wide = composition("wide_gap(x, y, window)", "ts_spread(gap(x, y), window)", operators=[gap, ts_spread])
    operators = (gap, wide, ts_spread)
    plan = own_plan("wide_gap(close, open, 5)", operators=operators)
    assert plan.digest == own_plan("ts_spread((close - open) / open, 5)", operators=operators).digest


def test_another_function_is_another_plan() -> None:
    """The digest follows the source of the function."""

    def made(function: Callable[[Floats], float]) -> Operator:
        return window_operator("ts_end(x, window)")(function)

    def newest(values: Floats) -> float:
        return values[-1]  # type: ignore[no-any-return]  # a number

    def oldest(values: Floats) -> float:
        return values[0]  # type: ignore[no-any-return]  # a number

    plans = [own_plan("ts_end(close, 3)", operators=(made(each),)) for each in (newest, oldest, newest)]
    assert plans[0].digest == plans[2].digest != plans[1].digest


def _pair(values: Floats) -> tuple[float, float]:
    return values[0], values[1]


def _array(values: Floats) -> Floats:
    return values * 2.0


def _nothing(values: Floats) -> None:
    return None


def _unknown(values: Floats) -> float:
    return values.no_such_thing()  # type: ignore[attr-defined,no-any-return]  # that is the point


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (_pair, "returns UniTuple.*must return one number"),
        (_array, "returns array.*must return one number"),
        (_nothing, "returns none; it must return one number"),
        (_unknown, r"cannot be compiled: Unknown attribute 'no_such_thing' of type .* \(line \d+\)"),
    ],
)
def test_a_wrong_shape_is_refused_at_load(function: Callable[..., object], message: str) -> None:
    """Not at the first bar."""
    with pytest.raises(FactorError, match=f"operator 'ts_own\\(x, window\\)': the function {message}"):
        window_operator("ts_own(x, window)")(function)


@pytest.mark.parametrize(
    ("usage", "message"),
    [
        ("ts_own", "write it as it is used"),
        ("ts_own()", "write it as it is used"),
        ("ts own(x, window)", "write it as it is used"),
        ("ts_own(window)", "at least one series"),
        ("ts_own(x, x, window)", "each argument once"),
        ("ts_own(x)", "a function of windows is"),
        ("ts_own(x, y, z, window)", "a function of windows is"),
        ("ts_mean(x, window)", "operator 'ts_mean': the name is taken"),
        ("close(x, window)", "operator 'close': the name is taken"),
    ],
)
def test_refuses_usages(usage: str, message: str) -> None:
    """Each says what would be right."""
    with pytest.raises(FactorError, match=message):
        window_operator(usage)(_array)


def test_refuses_compositions_that_cannot_be_read() -> None:
    """When they are made, with the place."""
    with pytest.raises(ExpressionError, match="operator 'gap' uses unknown name 'z'"):
        composition("gap(x, y)", "x - z")
    with pytest.raises(ExpressionError, match="operator 'gap' uses unknown operator 'ts_mena'; did you mean 'ts_mean'"):
        composition("gap(x, window)", "ts_mena(x, window)")


def test_a_name_is_given_once() -> None:
    """Two operators of one name are refused, and one that was not given is unknown."""
    with pytest.raises(FactorError, match="operator 'ts_spread': the name is taken"):
        own_plan("close", operators=(ts_spread, ts_spread))
    with pytest.raises(ExpressionError, match="unknown operator 'ts_spread'"):
        own_plan("ts_spread(close, 5)", operators=())


def test_a_saved_state_goes_on() -> None:
    """A plan with own operators is bound like any other."""
    block, plan = market(30, 3, seed=1), own_plan("ts_spread(close, 7)")
    engine, other = Engine(plan), Engine(plan)
    engine.update(block)
    other.load(engine.save())
    assert_same_bits(other.update(block).values, engine.update(block).values)
