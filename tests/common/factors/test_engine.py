"""What a bar is, how columns are adjusted, what the engine hands out and what it refuses."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from common.errors import FactorError
from common.factors.block import Block
from common.factors.engine import Engine
from tests.common.factors.panels import assert_same_bits, block_of, compute, cut, market, plan_of, updates


def _columns(**columns: list[float]) -> Block:
    return block_of({name: np.array([values]).T for name, values in columns.items()})


def test_a_suspended_bar_is_no_bar() -> None:
    """No volume and no price, as NaN or 0: the clock stands still; a price or a volume alone is a bar."""
    nan = np.nan
    block = _columns(close=[1.0, nan, 0.0, 2.0, nan, 4.0], volume=[5.0, nan, 0.0, 0.0, 7.0, 1.0])
    found = Engine(plan_of("ts_delay(close, 1)")).update(block)
    assert found.present[:, 0].tolist() == [1, 0, 0, 1, 1, 1]
    assert_same_bits(found.values[0, :, 0], np.array([nan, nan, nan, 1.0, 2.0, nan]))


def test_factors_see_adjusted_columns() -> None:
    """Prices times price_factor, volume by share_factor, vwap of raw volume times price_factor."""
    block = _columns(
        open=[10.0], high=[12.0], low=[8.0], close=[11.0], volume=[100.0], turnover=[1050.0], price_factor=[0.5],
        share_factor=[4.0],
    )  # fmt: skip
    names = ["open", "high", "low", "close", "volume", "turnover", "vwap"]
    values = compute(plan_of(*names), block)[:, 0, 0]
    assert_same_bits(values, np.array([5.0, 6.0, 4.0, 5.5, 25.0, 1050.0, 5.25]))


def test_factors_of_one_change_nothing() -> None:
    """A factor of 1 gives the bits of no factor."""
    block = market(20, 3, seed=0)
    plan = plan_of("close", "volume", "vwap")
    ones = {name: np.ones(block.shape) for name in ("price_factor", "share_factor")}
    assert_same_bits(compute(plan, block_of({**block.columns, **ones})), compute(plan, block))


def test_vwap_without_volume_or_turnover() -> None:
    """NaN where volume is 0, and everywhere if the source has no turnover."""
    with_turnover = _columns(close=[1.0, 1.0], volume=[0.0, 2.0], turnover=[0.0, 3.0])
    assert_same_bits(compute(plan_of("vwap"), with_turnover)[0, :, 0], np.array([np.nan, 1.5]))
    without = _columns(close=[1.0, 1.0], volume=[1.0, 2.0])
    assert np.isnan(compute(plan_of("vwap", "turnover", "open_interest"), without)).all()


def test_warm_counts_own_bars() -> None:
    """A bar is warm once the symbol has had as many as the plan asks for; an absent bar is neither."""
    block = _columns(close=[1.0, 2.0, np.nan, 3.0, 4.0], volume=[1.0, 1.0, np.nan, 1.0, 1.0])
    plan = plan_of("ts_sum(close, 3)")
    whole = Engine(plan).update(block)
    assert whole.warm[:, 0].tolist() == [0, 0, 0, 1, 1]
    one_by_one = updates(plan, [cut(block, i, i + 1) for i in range(5)])
    assert [int(each.warm[0, 0]) for each in one_by_one] == [0, 0, 0, 1, 1]


def test_what_is_handed_out() -> None:
    """Feature-major, C-contiguous, with the flags as u1 and the names in order."""
    block = market(4, 3, seed=0)
    block.member[:, 1] = False
    found = Engine(plan_of("close", "open / close")).update(block)
    assert (found.names, found.symbols) == (("f0", "f1"), block.symbols)
    assert found.values.shape == (2, 4, 3)
    assert found.values.flags.c_contiguous
    for flag in (found.present, found.member, found.warm):
        assert flag.dtype == np.uint8
        assert flag.shape == (4, 3)
    assert found.member[0].tolist() == [1, 0, 1]


def test_writes_into_given_room() -> None:
    """A live process hands the same array in at each bar."""
    block, plan = market(3, 2, seed=0, missing=0.2), plan_of("close", "ts_mean(close, 2)")
    room = np.zeros((2, 3, 2))
    found = Engine(plan).update(block, out=room)
    assert found.values is room
    assert_same_bits(room, compute(plan, block))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_empty_blocks(shape: tuple[int, int]) -> None:
    """No section or no symbol gives an empty block, and the engine goes on after it."""
    plan = plan_of("ts_mean(cs_rank(close), 3)", "ta_ema(close, 3)")
    engine, block = Engine(plan), market(8, 3, seed=0)
    first = engine.update(cut(block, 0, 4)).values
    assert engine.update(block_of({"close": np.empty(shape)})).values.shape == (2, *shape)
    second = engine.update(cut(block, 4, 8)).values
    assert_same_bits(np.concatenate([first, second], axis=1), compute(plan, block))


def _refused(block: Block, message: str) -> None:
    engine = Engine(plan_of("close / open"))
    good = market(2, 2, seed=0)
    with pytest.raises(FactorError, match=message):
        engine.update(block)
    assert_same_bits(engine.update(good).values, compute(engine.plan, good))


def test_refuses_what_is_no_block() -> None:
    """Shapes, types, order of symbols and missing columns are checked before anything is applied."""
    good = market(2, 2, seed=0)
    _refused(Block(("b", "a"), good.columns, good.member), "'b' stands before 'a'")
    _refused(Block(("a", "a"), good.columns, good.member), "each once")
    _refused(Block(("a",), good.columns, good.member), "member must be")
    _refused(Block(good.symbols, {"close": good.columns["close"][:1]}, good.member), "column 'close' must be")
    _refused(Block(good.symbols, {"close": good.columns["close"]}, good.member), "no column 'open'")
    whole_numbers: Any = good.columns["open"].astype(np.int64)
    _refused(Block(good.symbols, {**good.columns, "open": whole_numbers}, good.member), "column 'open' must be")


def test_refuses_room_of_another_shape() -> None:
    """`out` must be exactly the block of factors."""
    block = market(2, 2, seed=0)
    with pytest.raises(FactorError, match="out must be"):
        Engine(plan_of("close")).update(block, out=np.zeros((2, 2, 2)))


def test_columns_in_any_memory_order() -> None:
    """Views and Fortran order give the same bits."""
    block, plan = market(30, 4, seed=0), plan_of("ts_mean(close, 5)", "cs_rank(open)")
    turned = {name: np.asfortranarray(column) for name, column in block.columns.items()}
    sparse = {name: np.repeat(column, 2, axis=1)[:, ::2] for name, column in block.columns.items()}
    for columns in (turned, sparse):
        assert_same_bits(compute(plan, Block(block.symbols, columns, block.member)), compute(plan, block))


def test_members_may_be_read_only() -> None:
    """As they are when they came over the wire."""
    plan, block = plan_of("cs_rank(close)"), market(6, 3, seed=0)
    member = block.member.copy()
    member.flags.writeable = False
    assert_same_bits(compute(plan, dataclasses.replace(block, member=member)), compute(plan, block))


def test_a_copy_of_the_state_is_written_later() -> None:
    """What is held is the state as it was, whatever came in the meantime; the same bytes as saved then."""
    plan, block = plan_of("ts_mean(close, 5)", "ta_ema(close, 3)"), market(30, 3, seed=0)
    engine, other = Engine(plan), Engine(plan)
    engine.update(cut(block, 0, 12))
    saved, held = engine.save(), engine.hold()
    expected = engine.update(cut(block, 12, 30)).values
    assert held() == saved
    other.load(held())
    assert_same_bits(other.update(cut(block, 12, 30)).values, expected)
