"""Saving, loading, forking, looking ahead, starting anew."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import FactorError, SnapshotError
from common.factors import snapshot
from common.factors.block import Block
from common.factors.engine import Engine
from common.factors.plan import Plan, compile_set
from common.factors.sets import FactorSet
from tests.common.factors.panels import LABEL, Floats, assert_same_bits, compute, cut, market, pick, plan_of

SECTIONS, SYMBOLS = 90, 5
PLAN = plan_of(
    "ts_mean(close, 7)",
    "ts_std(cs_rank(close), 5)",
    "ta_rsi(close, 6)",
    "ts_mean(ta_atr(high, low, close, 4), 3)",
    "ts_corr(close, volume, 20) + ts_delay(open, 11)",
    "ts_quantile(close, 9, 0.3)",
)
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def by_options(factors: str, **options: object) -> Plan:
    """Compile one factor under the name f0, with options."""
    return compile_set(FactorSet("test", (("f0", factors),), LABEL, **options))  # type: ignore[arg-type]  # as given


def continued(engine: Engine, block: Block, first: int, last: int) -> Floats:
    """Go on section by section."""
    return np.concatenate([engine.update(cut(block, i, i + 1)).values for i in range(first, last)], axis=1)


def reloaded(engine: Engine) -> Engine:
    """An engine made of another's saved state."""
    other = Engine(engine.plan)
    other.load(engine.save())
    return other


@pytest.mark.parametrize("copied", [reloaded, Engine.fork], ids=["saved and loaded", "forked"])
@FEW
@given(seed=SEEDS, at=st.integers(0, SECTIONS - 1), missing=st.sampled_from([0.0, 0.1]))
def test_a_copy_goes_on_to_the_same_bits(
    copied: Callable[[Engine], Engine], seed: int, at: int, missing: float
) -> None:
    """At any place, and the original goes on untouched by what the copy did."""
    block = market(SECTIONS, SYMBOLS, seed, missing)
    whole, engine = compute(PLAN, block), Engine(PLAN)
    engine.update(cut(block, 0, at))
    other = copied(engine)
    other.update(market(3, SYMBOLS, seed + 1))
    again = copied(engine)
    assert_same_bits(again.update(cut(block, at, SECTIONS)).values, np.ascontiguousarray(whole[:, at:]))
    assert_same_bits(continued(engine, block, at, SECTIONS), np.ascontiguousarray(whole[:, at:]))


@FEW
@given(seed=SEEDS, at=st.integers(1, SECTIONS - 2), data=st.data())
def test_a_saved_state_survives_joins_and_leaves(seed: int, at: int, data: st.DataObject) -> None:
    """It is keyed by symbol: who is listed when it is saved, and when it is loaded, does not matter."""
    plan = plan_of("ts_mean(close, 7)", "ta_rsi(close, 6)", "ts_rank(volume, 11)")
    block = market(SECTIONS, SYMBOLS, seed, missing=0.05)
    whole, engine = compute(plan, block), Engine(plan)
    engine.update(cut(block, 0, at))
    listed = st.lists(st.integers(0, SYMBOLS - 1), unique=True, min_size=1).map(sorted)
    before, after = data.draw(listed), data.draw(listed)
    engine.update(pick(cut(block, at, at), before))
    values = reloaded(engine).update(pick(cut(block, at, SECTIONS), after)).values
    assert_same_bits(values, np.ascontiguousarray(whole[:, at:][:, :, after]))


def test_a_state_is_saved_the_same_however_it_came_about() -> None:
    """Equal pasts give equal bytes, whatever the blocks were."""
    block = market(SECTIONS, SYMBOLS, seed=1, missing=0.1)
    one, other = Engine(PLAN), Engine(PLAN)
    one.update(block)
    continued(other, block, 0, SECTIONS)
    assert one.save() == other.save() == reloaded(one).save()


def _refused(saved: bytes, message: str, plan: Plan = PLAN) -> None:
    block, engine = market(30, SYMBOLS, seed=2), Engine(plan)
    engine.update(cut(block, 0, 20))
    with pytest.raises(SnapshotError, match=message):
        engine.load(saved)
    assert_same_bits(engine.update(cut(block, 20, 30)).values, np.ascontiguousarray(compute(plan, block)[:, 20:]))


def test_refuses_what_was_not_saved_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Damage, another plan, another platform: each is said, and the engine is as it was."""
    engine = Engine(PLAN)
    engine.update(market(40, SYMBOLS, seed=2))
    saved = engine.save()
    _refused(b"", "damaged")
    _refused(saved[:-1], "damaged")
    _refused(saved, "another plan", plan_of("close"))
    for place in range(0, len(saved), 997):
        _refused(saved[:place] + bytes([saved[place] ^ 1]) + saved[place + 1 :], "damaged")
    monkeypatch.setattr(snapshot, "platform_fingerprint", lambda: {"cpu": "another"})
    _refused(saved, "another platform")


@FEW
@given(seed=SEEDS, at=st.integers(0, SECTIONS - 2), missing=st.sampled_from([0.0, 0.2]), listed=st.booleans())
def test_peek_is_update_that_never_was(seed: int, at: int, missing: float, listed: bool) -> None:  # noqa: FBT001  drawn
    """Its values are those of update; afterwards nothing is different, also where it brings new symbols."""
    block = market(SECTIONS, SYMBOLS, seed, missing)
    engine, forming = Engine(PLAN), cut(block, at, at + 1)
    engine.update(pick(cut(block, 0, at), range(SYMBOLS) if listed else [0, 2]))
    twin = engine.fork()
    for _ in range(3):
        engine.peek(market(1, SYMBOLS, seed + 1, missing))
    peeked, updated = engine.peek(forming), twin.update(forming)
    assert_same_bits(peeked.values, updated.values)
    assert peeked.warm.tolist() == updated.warm.tolist()
    assert_same_bits(continued(engine, block, at, SECTIONS)[:, 1:], continued(twin, block, at + 1, SECTIONS))


def test_a_set_that_remembers_nothing() -> None:
    """Chunks may grow, symbols come, and states be saved where there is no past at all."""
    block, engine = market(9, SYMBOLS, seed=1), Engine(plan_of("close / open", "cs_rank(close)"))
    engine.update(cut(block, 0, 1))
    engine.update(pick(cut(block, 1, 5), [0, 3]))
    assert_same_bits(reloaded(engine).update(block).values, compute(engine.plan, block))


def test_peek_takes_one_section() -> None:
    """Only one bar is forming."""
    with pytest.raises(FactorError, match="one section, not 2"):
        Engine(PLAN).peek(market(2, SYMBOLS, seed=0))


@FEW
@given(seed=SEEDS, gap=st.integers(1, 6), cuts=st.lists(st.integers(1, SECTIONS - 1), max_size=6))
def test_a_symbol_starts_anew_after_too_long_an_absence(seed: int, gap: int, cuts: list[int]) -> None:
    """Its bars after the absence give what they would were they its first; others notice nothing."""
    block = market(SECTIONS, SYMBOLS, seed, missing=0.4)
    texts = "ts_mean(close, 4) + ta_rsi(close, 3)"
    values = compute(by_options(texts, max_gap=gap), block, cuts)[0]
    for symbol in range(SYMBOLS):
        here = np.flatnonzero(~np.isnan(block.columns["close"][:, symbol]))
        parts = np.split(here, np.flatnonzero(np.diff(here) - 1 > gap) + 1)
        for part in parts:
            alone = pick(block, [symbol])
            alone = Block(alone.symbols, {name: each[part] for name, each in alone.columns.items()}, alone.member[part])
            assert_same_bits(values[part, symbol], compute(by_options(texts), alone)[0, :, 0])


def test_an_absence_is_counted_while_a_symbol_is_not_listed() -> None:
    """Sections count, whether the block names the symbol or not, and also across a saved state."""
    block = market(20, 2, seed=3)
    engine = Engine(by_options("ts_delay(close, 1)", max_gap=4))
    engine.update(cut(block, 0, 10))
    engine.update(pick(cut(block, 10, 14), [1]))
    assert np.isfinite(engine.fork().update(cut(block, 14, 15)).values).all()
    engine = reloaded(engine)
    engine.update(pick(cut(block, 14, 15), [1]))
    found = engine.update(cut(block, 15, 16))
    assert np.isnan(found.values[0, 0]).tolist() == [True, False]
    assert found.warm.tolist() == [[0, 1]]


@FEW
@given(seed=SEEDS, cuts=st.lists(st.integers(1, SECTIONS - 1), max_size=6), data=st.data())
def test_windows_start_anew_with_each_session(seed: int, cuts: list[int], data: st.DataObject) -> None:
    """Each session gives what it would alone; looking ahead into the next one too."""
    block = market(SECTIONS, SYMBOLS, seed, missing=0.1)
    starts = sorted({0, *data.draw(st.lists(st.integers(1, SECTIONS - 1), max_size=4))})
    session = np.searchsorted(starts, np.arange(SECTIONS), side="right").astype(np.int64)
    text = "ts_mean(close, 4) + ta_ema(close, 3)"
    plan, plain = by_options(text, reset="session"), by_options(text)
    engine, values = Engine(plan), []
    for first, last in zip([0, *sorted({*cuts})], [*sorted({*cuts}), SECTIONS], strict=True):
        part = dataclasses.replace(cut(block, first, last), session=session[first:last])
        peeked = engine.peek(dataclasses.replace(cut(part, 0, 1), session=session[first : first + 1])).values
        values.append(engine.update(part).values)
        assert_same_bits(peeked, np.ascontiguousarray(values[-1][:, :1]))
    expected = [compute(plain, cut(block, *edges)) for edges in zip(starts, [*starts[1:], SECTIONS], strict=True)]
    assert_same_bits(np.concatenate(values, axis=1), np.concatenate(expected, axis=1))


def test_a_session_may_begin_with_nobody() -> None:
    """Its first section lists no symbol, as one does that was refused: what follows is of the new session."""
    block, engine = market(4, SYMBOLS, seed=5), Engine(by_options("ts_mean(close, 2)", reset="session"))
    session = np.array([1, 1, 2, 2])
    engine.update(dataclasses.replace(cut(block, 0, 2), session=session[:2]))
    engine.peek(dataclasses.replace(pick(cut(block, 2, 3), []), session=session[2:3]))
    engine.update(dataclasses.replace(pick(cut(block, 2, 3), []), session=session[2:3]))
    last = dataclasses.replace(cut(block, 3, 4), session=session[3:])
    assert engine.peek(last).warm.tolist() == engine.update(last).warm.tolist() == [[0] * SYMBOLS]


def test_sessions_must_be_told() -> None:
    """A set that starts anew with each refuses a block that does not say which is which, or not for each section."""
    block, engine = market(4, SYMBOLS, seed=0), Engine(by_options("close", reset="session"))
    with pytest.raises(FactorError, match="starts anew with each session"):
        engine.update(block)
    with pytest.raises(FactorError, match=r"session must be i8\[4\]"):
        engine.update(dataclasses.replace(block, session=np.zeros(3, dtype=np.int64)))


def test_options_are_part_of_the_digest() -> None:
    """Each is another plan; nonsense is refused."""
    plans = [by_options("close"), by_options("close", max_gap=3), by_options("close", max_gap=4)]
    plans += [by_options("close", reset="session"), by_options("close", max_gap=3, reset="session")]
    assert len({plan.digest for plan in plans}) == 5
    for bad in (0, -1, True, 1.5):
        with pytest.raises(FactorError, match="max_gap is a number of sections"):
            by_options("close", max_gap=bad)
    with pytest.raises(FactorError, match='reset is "session"'):
        by_options("close", reset="day")


@pytest.mark.parametrize("symbols", [1, 7, 300, 700])
def test_threads_do_not_matter(symbols: int) -> None:
    """Shards of any number of symbols, on one thread or three, with and without whole sections."""
    block = market(40, symbols, seed=symbols, missing=0.1)
    block = Block(tuple(f"s{i:05d}" for i in range(symbols)), block.columns, block.member)
    for plan in (PLAN, plan_of("ts_mean(close, 7)", "ta_rsi(close, 6)")):
        engine = Engine(plan, threads=3, chunk_rows=7)
        first, second = engine.update(cut(block, 0, 25)).values, engine.update(cut(block, 25, 40)).values
        one = continued(Engine(plan), block, 0, 40)
        assert_same_bits(np.concatenate([first, second], axis=1), one)
        # Symbols of different shards do not touch each other.
        alone = list(range(0, symbols, 97))
        if plan is not PLAN:
            assert_same_bits(compute(plan, pick(block, alone)), np.ascontiguousarray(one[:, :, alone]))
