"""Arrays that may not be written to: a frame's, a mapped file's, a message's."""

from dataclasses import replace

import numpy as np
import pytest

from common.factors.block import Block
from common.factors.engine import Engine
from tests.common.factors.panels import assert_same_bits, compute, market, pieces, plan_of


def frozen(block: Block) -> Block:
    """Return the same block in arrays that refuse to be written to."""
    columns = {name: column.copy() for name, column in block.columns.items()}
    found = replace(block, columns=columns, member=block.member.copy(), session=np.arange(len(block.member)))
    for array in (*columns.values(), found.member, found.session):
        if array is not None:
            array.setflags(write=False)
    return found


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("cuts", [[], list(range(1, 40))])
def test_blocks_that_cannot_be_written_to_give_the_same_bits(threads: int, cuts: list[int]) -> None:
    """Whole and section by section, with steps over whole sections and without."""
    plan = plan_of("cs_rank(ts_mean(close, 5))", "ts_corr(close, volume, 10)", "ta_rsi(close, 5)", "vwap")
    block = market(40, 9, seed=3, missing=0.1)
    engine = Engine(plan, threads=threads)
    found = np.concatenate([engine.update(frozen(each)).values for each in pieces(block, cuts)], axis=1)
    assert_same_bits(found, compute(plan, block))


def test_a_forming_section_that_cannot_be_written_to_is_peeked_at() -> None:
    """And nothing is remembered of it."""
    plan = plan_of("cs_mean(close)", "ts_sum(volume, 3)")
    first, forming, last = pieces(market(12, 5, seed=4), [10, 11])
    engine, other = Engine(plan), Engine(plan)
    for each in (engine, other):
        each.update(first)
    expected = other.fork().update(forming).values
    assert_same_bits(engine.peek(frozen(forming)).values, expected)
    assert_same_bits(engine.update(last).values, other.update(last).values)
