"""Symbols in step take a fast path; one among them that misses bars sends all of them down the general one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.factors.block import Block
from common.factors.operators import TABLE
from common.factors.plan import compile_set
from common.factors.sets import FactorSet, load_set, shipped_sets
from tests.common.factors.panels import LABEL, assert_same_bits, block_of, compute, market, pick, text_of

SECTIONS, SYMBOLS = 120, 5
OPERATORS = FactorSet(
    "operators", tuple((row.name, text_of(row, ("close", "volume", "high", "low"))) for row in TABLE), LABEL
)
PLANS = {"every operator": compile_set(OPERATORS), **{name: compile_set(load_set(name)) for name in shipped_sets()}}


def with_a_straggler(block: Block, seed: int) -> Block:
    """One more symbol, the last, that is no member and has a bar in every other section at best."""
    other = market(SECTIONS, 1, seed + 1, missing=0.3)
    columns = {name: np.hstack([column, other.columns[name]]) for name, column in block.columns.items()}
    for column in columns.values():
        column[::2, -1] = np.nan
    found = block_of(columns)
    return replace(found, member=np.hstack([block.member, np.zeros((SECTIONS, 1), np.bool_)]))


@pytest.mark.parametrize("name", PLANS)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**31))
def test_both_paths_give_the_same_bits(name: str, seed: int) -> None:
    """Every operator and every shipped set, in one block and section by section."""
    block = market(SECTIONS, SYMBOLS, seed)
    apart = with_a_straggler(block, seed)
    assert pick(apart, range(SYMBOLS)).symbols == block.symbols
    fast, general = compute(PLANS[name], block), compute(PLANS[name], apart)
    assert_same_bits(general[:, :, :SYMBOLS], fast)
    assert_same_bits(compute(PLANS[name], apart, range(SECTIONS)), general)
