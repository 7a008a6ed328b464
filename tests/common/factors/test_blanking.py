"""Take one bar away: only values whose window held it may change, and none may become a made-up number."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.factors.block import Block, present_bars
from common.factors.definition import Kind
from common.factors.kernels.build import Floats
from common.factors.operators import TABLE
from common.factors.sets import FactorSet, load_set, shipped_sets
from common.research.factor_checks.blanking import check_blanking
from common.research.factor_checks.comparison import Tally
from common.research.factor_checks.subject import Subject
from common.research.factor_checks.touched import touched
from common.research.factor_checks.trial import Trial
from tests.common.factors.panels import (
    LABEL,
    assert_same_bits,
    block_of,
    compute,
    market,
    plan_of,
    text_of,
    without_bar,
)

SECTIONS, SYMBOLS = 360, 5
COLUMNS = ("close", "volume", "high", "low")
OPERATORS = FactorSet("operators", tuple((row.name, text_of(row, COLUMNS)) for row in TABLE), LABEL)
SETS = {"every operator": OPERATORS, **{name: load_set(name) for name in shipped_sets()}}
STARTS = {"never": {}, "after a gap": {"max_gap": 2}, "with a session": {"reset": "session"}}
SESSION = 90
"""Sections in one: a set starts anew three times, and windows are shorter than what lies between."""

SILENT = {"alpha96"}
"""Factors that have next to no numbers, and why: docs/factors.md."""


def subject_of(name: str, starts: str = "never") -> Subject:
    """A set under the engine, starting anew when told."""
    return Subject.of(replace(SETS[name], **STARTS[starts]))  # type: ignore[arg-type]  # a table of options


def history(seed: int) -> Block:
    """A market with holes of one bar and of many, sessions, and members that come and go."""
    block, random = market(SECTIONS, SYMBOLS, seed, missing=0.02), np.random.default_rng(seed)
    member = (random.random(block.shape).cumsum(axis=0) + random.uniform(0, 120, SYMBOLS)) // 40 % 3 > 0
    for first, symbol in zip(random.integers(0, SECTIONS, 8), random.integers(0, SYMBOLS, 8), strict=True):
        last = first + random.integers(2, 9)
        for column in block.columns.values():
            column[first:last, symbol] = np.nan
    return replace(block, member=member, session=np.arange(SECTIONS) // SESSION)


def blanked(subject: Subject, block: Block, samples: int = 2, seed: int = 1) -> list[Tally]:
    """Take some bars away, one at a time."""
    return check_blanking(Trial(subject, block, subject.run(block), samples, np.random.default_rng(seed)))


def failing(subject: Subject, tallies: list[Tally]) -> dict[str, str]:
    """Factors with a value that is not what it must be, and the first one."""
    pairs = zip(subject.factors, tallies, strict=True)
    return {facts.name: str(tally.first) for facts, tally in pairs if tally.verdict == "fail"}


@pytest.mark.parametrize("starts", STARTS)
@pytest.mark.parametrize("name", SETS)
@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32 - 1))
def test_one_bar_less(name: str, starts: str, seed: int) -> None:
    """Every operator and every factor of every shipped set, those that compare symbols too."""
    subject = subject_of(name, starts)
    assert failing(subject, blanked(subject, history(seed), seed=seed)) == {}


@pytest.mark.parametrize("name", SETS)
def test_no_factor_escapes(name: str) -> None:
    """Each has numbers that change where they may, and numbers that must stay, after the bar as well as before."""
    subject, block = subject_of(name), replace(history(seed=1), columns=market(SECTIONS, SYMBOLS, seed=1).columns)
    values, gone = subject.run(block), np.zeros(block.shape, np.bool_)
    gone[60, 2] = True
    less = subject.run(without_bar(block, 60, 2))
    spread = touched(subject.graph, subject.clock(block), block.member, gone)
    for facts, before, after, one in zip(subject.factors, values, less, spread, strict=True):
        may = one.changed | one.fading
        known = ~may & np.isfinite(before)
        assert facts.name in SILENT or facts.warm_bars > 60 or known[:60].any(), facts.name
        assert facts.name in SILENT or one.fading.any() or known[61:].any(), facts.name
        assert np.isnan(before[gone]).all() or not np.array_equal(before[may], after[may], equal_nan=True), facts.name


def grid_mean(block: Block) -> Floats:
    """Ranks averaged over five sections rather than five own bars."""
    ranks = compute(plan_of("cs_rank(close)"), block)[0]
    windows = np.stack([np.vstack([np.full_like(ranks[:back], np.nan), ranks[: SECTIONS - back]]) for back in range(5)])
    known = np.isfinite(windows)
    mean = np.where(known, windows, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(present_bars(block), mean, np.nan)


def filled(block: Block) -> Block:
    """The bar before in place of one that is missing."""
    columns = {name: column.copy() for name, column in block.columns.items()}
    for column in columns.values():
        for row in range(1, SECTIONS):
            column[row] = np.where(np.isnan(column[row]), column[row - 1], column[row])
    return replace(block, columns=columns)


def of(text: str) -> Callable[[Block], Floats]:
    """What the engine makes of a text."""
    plan = plan_of(text)
    return lambda block: compute(plan, block)[0]


def where_present(values: Callable[[Block], Floats], changed: Callable[[Block], Block]) -> Callable[[Block], Floats]:
    """Values over changed bars, with nothing in the holes, so that all looks well there."""
    return lambda block: np.where(present_bars(block), values(changed(block)), np.nan)


def absent_as_zero(block: Block) -> Floats:
    """A section's mean that takes who is absent for 0."""
    close = np.where(present_bars(block) & block.member, block.columns["close"], 0.0)
    return np.where(present_bars(block) & block.member, close.mean(axis=1, keepdims=True), np.nan)


BROKEN: dict[str, tuple[str, Callable[[Block], Floats]]] = {
    "a window one bar too long": ("ts_sum(close, 5)", of("ts_sum(close, 6)")),
    "a delay one bar too long": ("ts_delay(close, 5)", of("ts_delay(close, 6)")),
    "an extreme of all time": ("ts_max(close, 5)", lambda block: np.fmax.accumulate(of("close")(block))),
    "an answer without a bar": ("ts_mean(close, 5)", lambda block: of("ts_mean(close, 5)")(filled(block))),
    "the bar before for one that is missing": ("ts_mean(close, 5)", where_present(of("ts_mean(close, 5)"), filled)),
    "the same in a recursion": ("ta_ema(close, 5)", where_present(of("ta_ema(close, 5)"), filled)),
    "the same in a section": ("cs_mean(close)", where_present(of("cs_mean(close)"), filled)),
    "the same inside a section": (
        "cs_rank(ts_mean(close, 5))",
        where_present(of("cs_rank(ts_mean(close, 5))"), filled),
    ),
    "who is absent counts as 0": ("cs_mean(close)", absent_as_zero),
    "sections for own bars": ("ts_mean(cs_rank(close), 5)", grid_mean),
    "a section of non-members": (
        "cs_sum(close)",
        lambda block: of("cs_sum(close)")(replace(block, member=present_bars(block))),
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_operator_is_caught(fault: str) -> None:
    """The rule is one that can be broken: it finds each of these, and nothing in the operator as it is."""
    text, broken = BROKEN[fault]
    good = Subject.of(FactorSet("one", (("it", text),), LABEL))
    block = history(seed=3)
    assert failing(good, blanked(good, block, samples=6)) == {}
    bad = replace(good, run=lambda block: broken(block)[np.newaxis])
    assert failing(bad, blanked(bad, block, samples=6)).keys() == {"it"}


@pytest.mark.parametrize("starts", ["after a gap", "with a session"])
def test_an_engine_that_never_starts_anew_is_caught(starts: str) -> None:
    """When a symbol starts anew is tried with all the rest."""
    subject, never = subject_of("basic", starts), subject_of("basic")
    found = failing(subject, blanked(replace(subject, run=never.run), history(seed=4), samples=4))
    assert "trend_20" in found
    assert "intraday" not in found


@pytest.mark.parametrize("row", [row for row in TABLE if row.kind is Kind.CROSS_SECTION], ids=lambda row: row.name)
def test_section_without_a_symbol(row: object) -> None:
    """A cross section is that of the symbols with a bar; the absent one gets NaN."""
    name = row.name  # type: ignore[attr-defined]  # a row of the table
    block = without_bar(market(1, 4, seed=1), 0, 2)
    others = block_of({column: np.delete(values, 2, axis=1) for column, values in block.columns.items()})
    values, expected = compute(plan_of(f"{name}(close)"), block)[0, 0], compute(plan_of(f"{name}(close)"), others)[0, 0]
    assert np.isnan(values[2])
    assert_same_bits(np.delete(values, 2), expected)


@pytest.mark.parametrize("name", SETS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32 - 1), section=st.integers(1, SECTIONS - 1))
def test_no_future(name: str, seed: int, section: int) -> None:
    """Changing every later bar, and every later membership, changes no earlier value."""
    run, block, other = subject_of(name).run, history(seed), market(SECTIONS, SYMBOLS, seed + 1, missing=0.1)
    before = run(block)
    for column_name, column in block.columns.items():
        column[section:] = other.columns[column_name][section:]
    block.member[section:] ^= True
    assert_same_bits(run(block)[:, :section], before[:, :section])


@pytest.mark.parametrize("name", shipped_sets())
def test_warm_values_are_complete(name: str) -> None:
    """A plain market gives a number for every factor of every warm bar, but where ranks of few symbols stand still."""
    random, subject = np.random.default_rng(1), subject_of(name)
    # In many more sections ranks over five bars stand still somewhere by chance: NaN by rule 6.
    sections = subject.warm_bars + 9
    close = 50 * np.exp(np.cumsum(random.normal(0, 0.01, (sections, 3)), axis=0))
    columns = {"open": close * 1.001, "high": close * 1.01, "low": close * 0.99, "close": close}
    columns["volume"] = random.uniform(1e3, 1e4, close.shape)
    columns["turnover"] = close * columns["volume"] * random.uniform(0.99, 1.01, close.shape)
    values = subject.run(block_of(columns))
    plain = [place for place, facts in enumerate(subject.factors) if not facts.crosses]
    assert plain
    assert np.isfinite(values[plain, subject.warm_bars - 1 :]).all()
