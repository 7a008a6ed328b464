"""Who is remembered, how long, and what memory that takes."""

import re
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.factors.block import Block
from common.factors.engine import Engine
from common.factors.operator_table import PAGE
from common.factors.plan import Plan, compile_set
from common.factors.sets import FactorSet, load_set, shipped_sets
from tests.common.factors.panels import LABEL, assert_same_bits, compute, cut, market, pick

SECTIONS, SYMBOLS = 60, 5
TEXT = "ts_mean(close, 4) + ta_rsi(close, 3)"
COLUMNS = ("open", "high", "low", "close", "volume", "turnover")
_ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<one>\d+) kB \| (?P<listed>\d+) kB \| (?P<away>\d+) kB \|$", re.MULTILINE)


def plan_with(max_gap: int | None, text: str = TEXT) -> Plan:
    """Compile one factor, with that option."""
    return compile_set(FactorSet("test", (("f0", text),), LABEL, max_gap=max_gap))


def section(symbols: Sequence[int]) -> Block:
    """One section that lists these symbols by number; all have a bar."""
    shape = (1, len(symbols))
    names = tuple(f"s{number:06d}" for number in symbols)
    return Block(names, {name: np.full(shape, 2.0) for name in COLUMNS}, np.ones(shape, dtype=np.bool_))


@contextmanager
def traced() -> Iterator[None]:
    """Count what is allocated meanwhile."""
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


def taken() -> int:
    """Bytes allocated since counting began and not given back."""
    return tracemalloc.get_traced_memory()[0]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32 - 1), gap=st.sampled_from([None, 1, 3]), data=st.data())
def test_who_is_forgotten_does_not_matter(seed: int, gap: int | None, data: st.DataObject) -> None:
    """Listed now and then, with states saved in between: the bits are those of bars missing in one whole block."""
    block, plan = market(SECTIONS, SYMBOLS, seed, missing=0.2), plan_with(gap)
    stays = data.draw(st.integers(1, 6))
    random = np.random.default_rng(seed)
    listed = np.repeat(random.random((SECTIONS // stays + 1, SYMBOLS)) < 0.5, stays, axis=0)[:SECTIONS]
    for column in block.columns.values():
        column[~listed] = np.nan
    whole, engine = compute(plan, block), Engine(plan)
    for at in range(SECTIONS):
        here = np.flatnonzero(listed[at]).tolist()
        found = engine.update(pick(cut(block, at, at + 1), here)).values
        assert_same_bits(found, np.ascontiguousarray(whole[:, at : at + 1][:, :, here]))
        if random.random() < 0.1:
            saved, engine = engine.save(), Engine(plan)
            engine.load(saved)


def test_a_state_is_saved_the_same_whoever_is_listed() -> None:
    """Who has been away for too long is in no saved state, whether the engine came across it before or not."""
    block, plan = market(20, 3, seed=4), plan_with(4)
    for column in block.columns.values():
        column[10:, 0] = np.nan
    listed, unlisted = Engine(plan), Engine(plan)
    listed.update(block)
    unlisted.update(cut(block, 0, 10))
    unlisted.update(pick(cut(block, 10, 16), [1, 2]))
    unlisted.update(pick(cut(block, 16, 20), [1, 2]))
    assert listed.save() == unlisted.save()
    assert b"s00" not in listed.save()
    assert b"s01" in listed.save()


def test_memory_ends_where_absence_resets() -> None:
    """A listing that moves on for ever: with `max_gap` no more is kept than a gap's worth of symbols."""
    engine, sizes = Engine(plan_with(20)), []
    for first in range(0, 4000, 10):
        engine.update(section(range(first, first + 50)))
        sizes.append(engine.nbytes)
    assert max(sizes[200:]) == max(sizes[50:100])


def test_memory_without_a_gap_is_of_those_ever_seen() -> None:
    """Nobody is forgotten: what it takes grows by the same for each symbol that leaves, and by nothing else."""
    plan = plan_with(None, "ts_mean(close, 100)")
    engine, sizes = Engine(plan), []
    for first in range(0, 1000, 10):
        for _ in range(3):
            engine.update(section(range(first, first + 50)))
        sizes.append(engine.nbytes)
    (step,) = set(np.diff(sizes).tolist())
    assert step / 10 == pytest.approx(8 * plan.program.remembered, abs=500)


def left_by(plan: Plan, leaving: int) -> Engine:
    """An engine that saw 300 symbols, which left one by one."""
    engine = Engine(plan)
    for first in range(leaving + 1):
        engine.update(section(range(first, 300)))
    return engine


@pytest.mark.parametrize("leaving", [0, 1, 30, 200])
def test_what_it_says_it_takes_is_what_it_takes(leaving: int) -> None:
    """Also where symbols left one by one: a trace of all that was allocated finds no more, but for their names."""
    plan = plan_with(None, "ts_mean(close, 200)")
    with traced():
        left_by(plan, leaving)  # brings what Python keeps for itself
        before = taken()
        engine = left_by(plan, leaving)
        assert taken() - before == pytest.approx(engine.nbytes, rel=0.1)


@pytest.mark.parametrize("symbols", [500, 2000])
def test_memory_of_a_symbol(symbols: int) -> None:
    """Alpha158 keeps a symbol in 40 kB, scratch included, one section at a time."""
    engine = Engine(compile_set(load_set("alpha158")))
    engine.update(section(range(symbols)))
    assert engine.symbol_bytes <= 40_000


@pytest.mark.parametrize("name", shipped_sets())
def test_the_page_says_what_sets_take(name: str) -> None:
    """Every shipped set has a row: one symbol alone, each of 500, each that is away."""
    rows = {found["name"]: found for found in _ROW.finditer(PAGE.read_text(encoding="utf-8"))}
    plan = compile_set(load_set(name))
    one, many = Engine(plan), Engine(plan)
    one.update(section(range(1)))
    many.update(section(range(500)))
    listed = many.symbol_bytes
    many.update(section([1000]))
    away = (many.nbytes - one.nbytes) / 500
    found = [round(each / 1000) for each in (one.nbytes, listed, away)]
    assert found == [int(rows[name][column]) for column in ("one", "listed", "away")]
