"""From a section of bars to a section of factors: the engine's state belongs to one journal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alphabus.body import Body
from alphabus.messages import Bars, Mode
from common.factors.plan import compile_set
from common.market.membership import Membership
from services.bar_feed.alignment import Alignment
from services.factor_engine import desk as desk_module
from services.factor_engine.desk import Desk
from tests.services.markets import FEATURES, TOY_SET, toy_market

JOURNAL, OTHER = b"j" * 16, b"o" * 16
PLAN = compile_set(TOY_SET)


def sections(seed: int = 1, journal: bytes = JOURNAL) -> list[tuple[Bars, tuple[str, ...]]]:
    """What the feed says of a market: sections, and who is listed in them."""
    alignment, symbols, found = Alignment(Membership(3)), tuple[str, ...](), []
    for bar, raw in enumerate(toy_market(seed).sections, 1):
        universe, bars = alignment.align(raw, journal, bar, Mode.REPLAY)
        symbols = symbols if universe is None else universe.symbols
        found.append((bars, symbols))
    return found


def update(desk: Desk, bars: Bars, symbols: tuple[str, ...]) -> dict[str, bytes]:
    """The factors' columns to the bit."""
    return {name: column.tobytes() for name, column in desk.update(bars, symbols).columns.items()}


def test_factors_carry_on_what_identifies_a_section() -> None:
    """Journal, bar, mode, time, stamp, universe and coverage; the plan, and its factors before the marks."""
    desk = Desk(PLAN)
    bars, symbols = sections()[0]
    factors = desk.update(bars, symbols)
    for name in ("journal", "bar", "mode", "time", "stamp", "universe", "coverage"):
        assert getattr(factors, name) == getattr(bars, name)
    assert factors.plan == PLAN.digest
    assert tuple(factors.columns) == (*FEATURES, "present", "member", "warm")


def test_who_has_no_bar_has_no_factors() -> None:
    """Present and NaN agree."""
    desk = Desk(PLAN)
    for bars, symbols in sections():
        factors = desk.update(bars, symbols)
        absent = np.isnan(bars.columns["close"])
        np.testing.assert_array_equal(factors.columns["present"] == 0, absent)
        assert np.isnan(factors.columns["mean_3"][absent]).all()


def test_a_copy_costs_the_loop_no_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """What identifies the section is worked out by whoever writes the bytes, and they are the same however late."""
    desk, found = Desk(PLAN), sections()
    for bars, symbols in found[:3]:
        update(desk, bars, symbols)
    at_once = desk.hold()()
    with monkeypatch.context() as patched:
        patched.setattr(desk_module, "encode_record", _nobody_is_to_ask)
        content = desk.hold()
    for bars, symbols in found[3:]:
        update(desk, bars, symbols)
    assert content() == at_once


def _nobody_is_to_ask(_bars: Bars) -> bytes:
    raise AssertionError("the loop encodes a section to copy a state")


def test_what_was_handed_over_does_not_change() -> None:
    """A queue or a record holds a section's own memory: the engine writes the next one elsewhere, nobody into it."""
    desk = Desk(PLAN)
    handed = [desk.update(bars, symbols).columns for bars, symbols in sections()]
    expected = [update(desk, bars, symbols) for desk in [Desk(PLAN)] for bars, symbols in sections()]
    assert [{name: column.tobytes() for name, column in columns.items()} for columns in handed] == expected
    assert all(isinstance(columns, Body) and columns.memory.readonly for columns in handed)


def test_another_journal_starts_anew() -> None:
    """Its first section knows nothing of the old one's bars."""
    used, new = Desk(PLAN), Desk(PLAN)
    for bars, symbols in sections(1):
        update(used, bars, symbols)
    for bars, symbols in sections(2, OTHER):
        assert update(used, bars, symbols) == update(new, bars, symbols)


def test_who_is_left_out_for_a_while_is_remembered() -> None:
    """A refused section lists nobody: what comes after it is as if nobody had had a bar in it."""
    passed, blank = Desk(PLAN), Desk(PLAN)
    for bars, symbols in sections():
        if bars.bar == 9:
            passed.pass_over(bars)
            nothing = {name: np.full_like(column, np.nan) for name, column in bars.columns.items() if name != "member"}
            blank.update(replace(bars, columns=nothing | {"member": bars.columns["member"]}), symbols)
        else:
            assert update(passed, bars, symbols) == update(blank, bars, symbols)
