"""The same bits however history is cut, wherever it starts, whoever else is there."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.factors.block import Block
from common.factors.definition import Kind
from common.factors.engine import Engine
from common.factors.operators import TABLE
from common.factors.plan import Plan, compile_set
from common.factors.sets import load_set, shipped_sets
from tests.common.factors.panels import (
    assert_same_bits,
    compute,
    cut,
    market,
    pick,
    pieces,
    plan_of,
)

SECTIONS, SYMBOLS = 360, 6
"""A hundred sections more than the longest look-back of a shipped set: every factor has numbers to compare."""
COLUMNS = ("close", "volume", "high", "low")


def every_operator() -> Plan:
    """One factor an operator, windows of several lengths, and some nesting of all kinds."""
    texts = [
        row.render(COLUMNS[: len(row.series)], ["7", "0.3"][: len(row.parameters)])
        for row in TABLE
        if row.kind is not Kind.RECURSIVE and "ta_ema" not in row.stands_for
    ]
    texts += [text.replace("7", "3") for text in texts if "7" in text]
    texts += ["ts_mean(cs_rank(ts_delta(close, 2)), 5)", "ts_delay(ts_corr(cs_rank(close), ts_rank(volume, 4), 6), 3)"]
    return plan_of(*texts)


def recursive() -> Plan:
    """Recursive operators among others."""
    return plan_of(
        "ta_rsi(close, 6)",
        "ts_mean(ta_atr(high, low, close, 4), 3)",
        "cs_rank(ta_ema(ts_delta(close, 1), 5))",
        "ta_ema(cs_mean(close), 3)",
        "ts_std(ta_macd_signal(close, 3, 6, 4), 5)",
        "ta_adx(high, low, close, 5) + ta_tema(volume, 3)",
    )


PLANS = {
    "every operator": every_operator(),
    "recursive": recursive(),
    **{name: compile_set(load_set(name)) for name in shipped_sets()},
}
FOLDS = {name: plan for name, plan in PLANS.items() if not plan.recursive}
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@FEW
@given(seed=SEEDS, missing=st.sampled_from([0.0, 0.02, 0.3]), cuts=st.lists(st.integers(1, SECTIONS - 1), max_size=9))
def test_cuts_do_not_matter(plan: Plan, seed: int, missing: float, cuts: list[int]) -> None:
    """Whole, one by one, and in random blocks."""
    block = market(SECTIONS, SYMBOLS, seed, missing)
    whole = compute(plan, block)
    assert_same_bits(compute(plan, block, cuts), whole)
    assert_same_bits(compute(plan, block, range(SECTIONS)), whole)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@FEW
@given(seed=SEEDS, missing=st.sampled_from([0.0, 0.1]), rows=st.integers(1, 40))
def test_chunks_do_not_matter(plan: Plan, seed: int, missing: float, rows: int) -> None:
    """However many rows the engine works on at a time."""
    block = market(SECTIONS, SYMBOLS, seed, missing)
    chunked = Engine(plan, chunk_rows=rows).update(block).values
    assert_same_bits(chunked, compute(plan, block))


@pytest.mark.parametrize("plan", FOLDS.values(), ids=FOLDS)
@FEW
@given(seed=SEEDS, late=st.integers(1, 60))
def test_start_does_not_matter(plan: Plan, seed: int, late: int) -> None:
    """A start one look-back earlier is enough."""
    block = market(SECTIONS, SYMBOLS, seed)
    assert plan.look_back is not None
    later = compute(plan, cut(block, late, SECTIONS))[:, plan.look_back :]
    assert np.isfinite(later).any()
    assert_same_bits(later, compute(plan, block)[:, late + plan.look_back :])


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@FEW
@given(seed=SEEDS, cuts=st.lists(st.integers(1, SECTIONS - 1), min_size=1, max_size=6), data=st.data())
def test_joining_and_leaving_do_not_matter(plan: Plan, seed: int, cuts: list[int], data: st.DataObject) -> None:
    """Whether a symbol without bars is in the block or not; each block lists only some of those absent."""
    block = market(SECTIONS, SYMBOLS, seed, missing=0.05)
    # Long absences, so that blocks without a symbol occur.
    gone = np.random.default_rng(seed).integers(0, SECTIONS, (SYMBOLS, 2))
    for symbol, (first, second) in enumerate(gone):
        for column in block.columns.values():
            column[min(first, second) : max(first, second), symbol] = np.nan
    whole = compute(plan, block)
    engine, at = Engine(plan), 0
    for part in pieces(block, cuts):
        has_bars = [bool(np.isfinite(part.columns["close"][:, i]).any()) for i in range(SYMBOLS)]
        listed = [i for i in range(SYMBOLS) if has_bars[i] or data.draw(st.booleans())]
        expected = whole[:, at : at + len(part.member)]
        assert_same_bits(engine.update(pick(part, listed)).values, np.ascontiguousarray(expected[:, :, listed]))
        at += len(part.member)


@FEW
@given(seed=SEEDS, order=st.permutations(range(SYMBOLS)))
def test_places_do_not_matter(seed: int, order: list[int]) -> None:
    """Symbols renamed so that they stand elsewhere keep their bits; sums over sections follow the names."""
    rows = [row for row in TABLE if row.kind in {Kind.ELEMENT, Kind.FOLD} or row.name == "cs_rank"]
    plan = plan_of(*(row.render(COLUMNS[: len(row.series)], ["7", "0.3"][: len(row.parameters)]) for row in rows))
    block = market(SECTIONS, SYMBOLS, seed, missing=0.05)
    moved = pick(block, order)
    renamed = Block(block.symbols, moved.columns, moved.member)
    assert_same_bits(compute(plan, renamed), np.ascontiguousarray(compute(plan, block)[:, :, order]))


@FEW
@given(seed=SEEDS, strangers=st.integers(1, 5))
def test_non_members_do_not_matter_to_sections(seed: int, strangers: int) -> None:
    """Cross sections have the same bits whether others are in the array or not."""
    plan = plan_of("cs_rank(close)", "cs_mean(close)", "cs_std(close)", "cs_sum(close)", "cs_scale(close)")
    block = market(20, SYMBOLS + strangers, seed, missing=0.1)
    who = np.random.default_rng(seed).permutation(SYMBOLS + strangers)[:SYMBOLS]
    block.member[:] = False
    block.member[:, who] = True
    alone = pick(block, sorted(who))
    assert_same_bits(np.ascontiguousarray(compute(plan, block)[:, :, sorted(who)]), compute(plan, alone))
