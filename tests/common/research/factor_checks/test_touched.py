"""What one bar may change: every value that may does, on a market without ties, and none that may not."""

import numpy as np
import pytest

from common.factors.block import Block
from common.factors.operators import TABLE
from common.factors.sets import FactorSet
from common.research.factor_checks.blocks import Mask
from common.research.factor_checks.subject import Subject
from common.research.factor_checks.touched import SMOOTH, touched
from tests.common.factors.panels import LABEL, Floats, block_of, without_bar

SECTIONS, SYMBOLS, SECTION, SYMBOL = 40, 4, 12, 2

# Operators that give another number for any other number they are given.
EXACT = {
    "one bar": "close * volume",
    "a delay": "ts_delay(close, 3)",
    "a difference": "close - ts_delay(close, 4)",
    "a window": "ts_sum(close, 5)",
    "a window of windows": "ts_sum(ts_mean(close, 3), 4)",
    "a window of a delay": "ts_sum(ts_delay(close, 3), 2)",
    "a section": "close - cs_mean(close)",
    "a section of windows": "volume * cs_sum(ts_sum(close, 3))",
    "windows of a section": "ts_sum(cs_scale(close), 3)",
    "a section of windows of a section": "cs_scale(ts_sum(close * cs_mean(close), 2))",
    "a delayed section": "ts_delay(cs_sum(close), 2)",
}


def distinct(seed: int) -> Block:
    """No two numbers are alike, nothing is missing but two bars, and one symbol is no member for a while."""
    random = np.random.default_rng(seed)
    columns: dict[str, Floats] = {name: random.uniform(1, 9, (SECTIONS, SYMBOLS)) for name in ("close", "volume")}
    member = np.ones((SECTIONS, SYMBOLS), np.bool_)
    member[10:20, 3] = False
    for column in columns.values():
        column[14, SYMBOL] = column[8, 0] = np.nan
    return block_of(columns, member)


def changed(subject: Subject, block: Block, section: int = SECTION, symbol: int = SYMBOL) -> Mask:
    """Where the absence of a bar does change something."""
    before, after = subject.run(block)[0], subject.run(without_bar(block, section, symbol))[0]
    other: Mask = ~((before == after) | (np.isnan(before) & np.isnan(after)))
    return other


def may(subject: Subject, block: Block, section: int = SECTION, symbol: int = SYMBOL) -> tuple[Mask, Mask]:
    """Where it may, and where a trace may be left."""
    gone = np.zeros(block.shape, np.bool_)
    gone[section, symbol] = True
    (found,) = touched(subject.graph, subject.clock(block), block.member, gone)
    return found.changed, found.fading


@pytest.mark.parametrize("name", EXACT)
def test_what_may_change_does(name: str) -> None:
    """So that the rule allows nothing it need not: every value it lets change is another number."""
    subject, block = Subject.of(FactorSet("one", (("it", EXACT[name]),), LABEL)), distinct(seed=1)
    allowed, fading = may(subject, block)
    known = np.isfinite(subject.run(block)[0])
    np.testing.assert_array_equal(changed(subject, block), allowed & known)
    assert not fading.any()


def test_who_is_no_member_changes_no_section() -> None:
    """The bar of a non-member touches what is its own alone."""
    subject = Subject.of(FactorSet("one", (("it", "ts_sum(close, 2) - cs_mean(close)"),), LABEL))
    allowed, _ = may(subject, distinct(seed=2), 15, 3)
    assert set(np.argwhere(allowed)[:, 1].tolist()) == {3}


def test_a_gap_that_opens_is_within_the_windows_that_held_the_bar() -> None:
    """Without it the symbol starts anew at its next bar; windows that never held it still know nothing of that."""
    subject = Subject.of(FactorSet("one", (("it", "ts_mean(close, 4)"),), LABEL, max_gap=1))
    block = distinct(seed=3)
    # Section 14 is missing, so that without 13 two are.
    allowed, _ = may(subject, block, 13)
    np.testing.assert_array_equal(changed(subject, block, 13), allowed)


def test_a_recursion_forgets_all_but_a_trace() -> None:
    """Until its warm length anything may be; from there on a trace, forever."""
    subject = Subject.of(FactorSet("one", (("it", "ta_ema(close, 2)"),), LABEL))
    block = distinct(seed=4)
    allowed, fading = may(subject, block)
    assert allowed[SECTION:, SYMBOL].sum() == min(subject.warm_bars, SECTIONS - SECTION - 1)
    np.testing.assert_array_equal(fading[SECTION:, SYMBOL], ~np.isnan(block.columns["close"][SECTION:, SYMBOL]))
    assert not np.delete(allowed | fading, SYMBOL, axis=1).any()


def test_a_rank_may_hang_on_a_trace() -> None:
    """Then nothing is promised of it."""
    subject = Subject.of(FactorSet("one", (("it", "cs_rank(ta_ema(close, 2))"),), LABEL))
    allowed, fading = may(subject, distinct(seed=5))
    assert allowed[-1].sum() == SYMBOLS
    assert not fading.any()


def test_smooth_operators_are_operators() -> None:
    """No name here is one the table does not know."""
    assert {row.name for row in TABLE} >= SMOOTH
