"""Functions of a user's that raise: found at load where every bar would raise, else refused with nothing lost."""

from dataclasses import replace

import numpy as np
import pytest

from common.errors import FactorError
from common.factors.block import Block
from common.factors.engine import Engine
from common.factors.own_operators import window_operator
from common.factors.plan import Plan, compile_set
from common.factors.sets import FactorSet
from tests.common.factors.panels import LABEL, Floats, assert_same_bits, market

TOO_MUCH = 1e6


@window_operator("fussy(x, window)")
def fussy(values: Floats) -> float:
    """Newest value, if it is small."""
    if values[-1] > TOO_MUCH:
        raise ValueError("too much")
    return values[-1]  # type: ignore[no-any-return]  # a number


@window_operator("fussy_pair(x, y, window)")
def fussy_pair(x: Floats, y: Floats) -> float:
    """Oldest of x, if the newest of y is small."""
    if y[-1] > TOO_MUCH:
        raise ValueError("too much")
    return x[0]  # type: ignore[no-any-return]  # a number


@window_operator("beyond(x, window)")
def beyond(values: Floats) -> float:
    """What is not there."""
    return values[5]  # type: ignore[no-any-return]  # a number


@window_operator("before(x, window)")
def before(values: Floats) -> float:
    """What is not there either."""
    return values[-6]  # type: ignore[no-any-return]  # a number


OPERATORS = (fussy, fussy_pair, beyond, before)
CALLS = {"fussy": "fussy(close, 3)", "fussy_pair": "fussy_pair(open, close, 4)"}


def plan_of(*texts: str) -> Plan:
    """Compile texts that may use all of them."""
    named = tuple((f"f{i}", text) for i, text in enumerate(texts))
    return compile_set(FactorSet("own", named, LABEL, operators=OPERATORS))


def spoilt(block: Block) -> Block:
    """Closes of the last section are too much."""
    close = block.columns["close"].copy()
    close[-1] *= TOO_MUCH
    return replace(block, columns={**block.columns, "close": close})


def part(block: Block, first: int, last: int) -> Block:
    """Sections first .. last."""
    columns = {name: column[first:last] for name, column in block.columns.items()}
    return Block(block.symbols, columns, block.member[first:last])


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(("symbols", "sections", "threads"), [(3, 1, 1), (600, 1, 1), (600, 80, 2)])
def test_an_update_that_raises_leaves_no_trace(name: str, symbols: int, sections: int, threads: int) -> None:
    """The operator is named; the state is the same to the byte, and the next section has the bits it would have had."""
    plan = plan_of(CALLS[name], "ts_delay(close, 1)", "ta_ema(close, 2)", "cs_rank(ts_sum(close, 5))")
    block = market(10 + sections + 20, symbols, seed=2, missing=0.1)
    block = replace(block, symbols=tuple(f"s{i:03}" for i in range(symbols)))
    one, other = Engine(plan, threads=threads), Engine(plan)
    for engine in (one, other):
        engine.update(part(block, 0, 10))
    before = one.save()
    with pytest.raises(FactorError, match=f"operator '{name}': the function raised an error"):
        one.update(spoilt(part(block, 10, 10 + sections)))
    assert one.save() == before
    with pytest.raises(FactorError, match=f"operator '{name}': the function raised an error"):
        one.peek(spoilt(part(block, 10, 11)))
    assert one.save() == before
    assert_same_bits(one.update(part(block, 10, 25)).values, other.update(part(block, 10, 25)).values)


@pytest.mark.parametrize(("text", "window"), [("beyond(close, 3)", 3), ("before(close, 5)", 5)])
def test_reading_beyond_a_window_is_refused_at_load(text: str, window: int) -> None:
    """For the windows it is used with, wherever it stands in a text."""
    with pytest.raises(FactorError, match=f"the function fails on a window of {window}: IndexError: index is out of"):
        plan_of(f"ts_mean({text} + open, 2)")
    assert np.isfinite(plan_of("beyond(close, 6)", "before(close, 6)").warm_bars)
