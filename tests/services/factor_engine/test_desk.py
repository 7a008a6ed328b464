"""From a section of bars to a section of factors: the engine's state belongs to one journal."""

from __future__ import annotations

import numpy as np
import pytest

from alphabus.messages import Bars, Mode, Universe
from common.errors import PipelineError
from common.factors.plan import compile_set
from common.market.membership import Membership
from services.bar_feed.alignment import Alignment
from services.factor_engine.desk import Desk
from tests.services.markets import FEATURES, TOY_SET, raw_section, toy_market

JOURNAL, OTHER = b"j" * 16, b"o" * 16
PLAN = compile_set(TOY_SET)


def sections(seed: int = 1, journal: bytes = JOURNAL) -> list[tuple[Universe | None, Bars]]:
    """What the feed says of a market."""
    alignment = Alignment(Membership(3))
    return [alignment.align(raw, journal, bar, Mode.REPLAY) for bar, raw in enumerate(toy_market(seed).sections, 1)]


def update(desk: Desk, universe: Universe | None, bars: Bars) -> dict[str, bytes]:
    """The factors' columns to the bit."""
    if universe is not None:
        desk.universes.learn(universe)
    return {name: column.tobytes() for name, column in desk.update(bars).columns.items()}


def test_factors_carry_on_what_identifies_a_section() -> None:
    """Journal, bar, mode, time, stamp, universe and coverage; the plan, and its factors before the marks."""
    desk = Desk(PLAN)
    universe, bars = sections()[0]
    assert universe is not None
    desk.universes.learn(universe)
    factors = desk.update(bars)
    for name in ("journal", "bar", "mode", "time", "stamp", "universe", "coverage"):
        assert getattr(factors, name) == getattr(bars, name)
    assert factors.plan == PLAN.digest
    assert tuple(factors.columns) == (*FEATURES, "present", "member", "warm")


def test_who_has_no_bar_has_no_factors() -> None:
    """Present and NaN agree."""
    desk = Desk(PLAN)
    for universe, bars in sections():
        if universe is not None:
            desk.universes.learn(universe)
        factors = desk.update(bars)
        absent = np.isnan(bars.columns["close"])
        np.testing.assert_array_equal(factors.columns["present"] == 0, absent)
        assert np.isnan(factors.columns["mean_3"][absent]).all()


def test_another_journal_starts_anew() -> None:
    """Its first section knows nothing of the old one's bars."""
    used, new = Desk(PLAN), Desk(PLAN)
    for universe, bars in sections(1):
        update(used, universe, bars)
    for universe, bars in sections(2, OTHER):
        assert update(used, universe, bars) == update(new, universe, bars)


def test_an_unknown_universe_is_refused() -> None:
    """A section without its symbols would be applied to the wrong ones."""
    with pytest.raises(PipelineError, match=r"no universe message named [0-9a-f]{16}"):
        Desk(PLAN).update(Alignment(Membership(3)).align(raw_section(1, {"A": 1.0}), JOURNAL, 1, Mode.REPLAY)[1])
