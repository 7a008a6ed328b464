"""Own bars counted: holes, gaps and sessions against a symbol gone through bar by bar."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.factors.block import Block, present_bars
from common.factors.engine import Engine
from common.factors.plan import compile_set
from common.factors.sets import FactorSet
from common.research.factor_checks.own_clock import OwnClock
from tests.common.factors.panels import LABEL, market

SECTIONS, SYMBOLS = 30, 4


def holed(seed: int) -> Block:
    """A third of the bars is missing; a session is seven sections."""
    return replace(market(SECTIONS, SYMBOLS, seed, missing=0.35), session=np.arange(SECTIONS) // 7)


def stretches(block: Block, symbol: int, max_gap: int | None, *, by_session: bool) -> list[list[int]]:
    """Sections of a symbol's own bars from one start to the next, one by one."""
    found: list[list[int]] = []
    assert block.session is not None
    for row in np.flatnonzero(present_bars(block)[:, symbol]).tolist():
        before = found[-1][-1] if found else None
        late = before is not None and max_gap is not None and row - before - 1 > max_gap
        other = before is not None and by_session and block.session[row] != block.session[before]
        if before is None or late or other:
            found.append([])
        found[-1].append(row)
    return found


@pytest.mark.parametrize("by_session", [False, True])
@pytest.mark.parametrize("max_gap", [None, 1, 3])
@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), bars=st.integers(1, 6))
def test_windows_are_of_own_bars_of_one_stretch(max_gap: int | None, seed: int, bars: int, *, by_session: bool) -> None:
    """Held and moved, for every section and symbol."""
    block = holed(seed)
    clock = OwnClock.of(block, max_gap, by_session=by_session)
    where = np.random.default_rng(seed).random(block.shape) < 0.2
    held, ever, moved = (np.zeros(block.shape, np.bool_) for _ in range(3))
    anew = np.zeros(block.shape, np.bool_)
    for symbol in range(SYMBOLS):
        for number, rows in enumerate(stretches(block, symbol, max_gap, by_session=by_session)):
            anew[rows[0], symbol] = number > 0
            for at, row in enumerate(rows):
                held[row, symbol] = where[rows[max(0, at - bars + 1) : at + 1], symbol].any()
                ever[row, symbol] = where[rows[: at + 1], symbol].any()
                moved[row, symbol] = at >= bars and where[rows[at - bars], symbol]
    np.testing.assert_array_equal(clock.held(where, bars), held)
    np.testing.assert_array_equal(clock.held(where), ever)
    np.testing.assert_array_equal(clock.moved(where, bars), moved)
    np.testing.assert_array_equal(clock.anew, anew)


@pytest.mark.parametrize("options", [{}, {"max_gap": 2}, {"reset": "session"}, {"max_gap": 1, "reset": "session"}])
def test_the_engine_counts_alike(options: dict[str, object]) -> None:
    """A running count of own bars, which is what a recursion over 1 would be, starts anew where the engine's does."""
    chosen = FactorSet("count", (("first", "ts_delay(close, 1)"),), LABEL, **options)  # type: ignore[arg-type]  # a table
    plan, block = compile_set(chosen), holed(seed=5)
    values = Engine(plan).update(block).values[0]
    clock = OwnClock.of(block, plan.max_gap, by_session=plan.by_session)
    np.testing.assert_array_equal(np.isnan(values), ~clock.present | (clock.number == clock.start))


def test_beside_holes() -> None:
    """Bars next to a section in which their symbol has none, or at or before a start."""
    block = market(6, 1, seed=1)
    for column in block.columns.values():
        column[2, 0] = np.nan
    assert OwnClock.of(block).beside_holes[:, 0].tolist() == [False, True, False, True, False, False]
    session = np.array([0, 0, 0, 0, 0, 1])
    anew = OwnClock.of(replace(block, session=session), by_session=True)
    assert anew.beside_holes[:, 0].tolist() == [False, True, False, True, True, True]
