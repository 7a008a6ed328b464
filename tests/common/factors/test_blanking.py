"""Take one bar away: only values whose window holds it may change, and none may become a made-up number."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.factors.definition import Kind
from common.factors.operators import TABLE
from common.factors.plan import Plan, compile_set
from common.factors.sets import load_set, shipped_sets
from tests.common.factors.panels import assert_same_bits, block_of, compute, market, plan_of, text_of, without_bar

SECTIONS, SYMBOLS = 360, 3
BLANKED = 100
"""A bar is taken away among the first so many: others follow the last section it may reach, even of the longest set."""
COLUMNS = ("close", "volume", "high", "low")
OPERATORS = [text_of(row, COLUMNS) for row in TABLE]
SETS = {name: compile_set(load_set(name)) for name in shipped_sets()}


def _assert_blanked(plan: Plan, seed: int, section: int) -> None:
    block = market(SECTIONS, SYMBOLS, seed)
    full, blanked = compute(plan, block), compute(plan, without_bar(block, section, 0))
    assert np.isnan(blanked[:, section, 0]).all()
    assert_same_bits(blanked[:, :section], full[:, :section])
    # Without the bar the symbol's history is the one it would have had on a calendar without that section.
    shorter = block_of({name: np.delete(column, section, axis=0) for name, column in block.columns.items()})
    own = compute(plan, shorter)
    series = [i for i, text in enumerate(TEXTS[plan.digest]) if "cs_" not in text]
    assert_same_bits(np.delete(blanked, section, axis=1)[series, :, 0], own[series, :, 0])
    assert_same_bits(blanked[series, :, 1:], full[series, :, 1:])
    if plan.look_back is not None:
        # One own bar more lies between, as the symbol's clock stood still.
        after = section + plan.look_back + 2
        assert np.isfinite(full[series, after:]).any()
        assert_same_bits(blanked[series, after:], full[series, after:])


TEXTS = {
    plan_of(*OPERATORS).digest: OPERATORS,
    **{plan.digest: [text for _, text in load_set(name).factors] for name, plan in SETS.items()},
}
PLANS = {"every operator": plan_of(*OPERATORS), **SETS}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32 - 1), section=st.integers(1, BLANKED))
def test_one_bar_less(plan: Plan, seed: int, section: int) -> None:
    """Every operator and every factor of every shipped set."""
    _assert_blanked(plan, seed, section)


@pytest.mark.parametrize("row", [row for row in TABLE if row.kind is Kind.CROSS_SECTION], ids=lambda row: row.name)
def test_section_without_a_symbol(row: object) -> None:
    """A cross section is that of the symbols with a bar; the absent one gets NaN."""
    name = row.name  # type: ignore[attr-defined]  # a row of the table
    block = without_bar(market(1, 4, seed=1), 0, 2)
    others = block_of({column: np.delete(values, 2, axis=1) for column, values in block.columns.items()})
    values, expected = compute(plan_of(f"{name}(close)"), block)[0, 0], compute(plan_of(f"{name}(close)"), others)[0, 0]
    assert np.isnan(values[2])
    assert_same_bits(np.delete(values, 2), expected)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32 - 1), section=st.integers(1, SECTIONS - 1))
def test_no_future(plan: Plan, seed: int, section: int) -> None:
    """Changing every later bar, and every later membership, changes no earlier value."""
    block, other = market(SECTIONS, SYMBOLS, seed), market(SECTIONS, SYMBOLS, seed + 1, missing=0.1)
    before = compute(plan, block)
    for name, column in block.columns.items():
        column[section:] = other.columns[name][section:]
    block.member[section:] = False
    assert_same_bits(compute(plan, block)[:, :section], before[:, :section])


@pytest.mark.parametrize("name", shipped_sets())
def test_warm_values_are_complete(name: str) -> None:
    """A plain market gives a number for every factor of every warm bar, but where ranks of few symbols stand still."""
    random, plan = np.random.default_rng(1), SETS[name]
    # In many more sections ranks over five bars stand still somewhere by chance: NaN by rule 6.
    sections = plan.warm_bars + 9
    close = 50 * np.exp(np.cumsum(random.normal(0, 0.01, (sections, SYMBOLS)), axis=0))
    columns = {"open": close * 1.001, "high": close * 1.01, "low": close * 0.99, "close": close}
    columns["volume"] = random.uniform(1e3, 1e4, close.shape)
    columns["turnover"] = close * columns["volume"] * random.uniform(0.99, 1.01, close.shape)
    values = compute(plan, block_of(columns))
    plain = [i for i, text in enumerate(TEXTS[plan.digest]) if "cs_" not in text]
    assert plain
    assert np.isfinite(values[plain, plan.warm_bars - 1 :]).all()
