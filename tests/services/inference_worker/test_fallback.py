"""What goes out instead of an answer: every policy, every limit, and the reason each gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from alphabus.messages import Flag, Mode, Origin, Reason, Signals, Status
from alphabus.testing import day_ns
from services.inference_worker.composition import Spoken, speak
from services.inference_worker.fallback import DAY_NS, NEVER_SPEAKS, Fallback, FallbackRules
from services.inference_worker.section import Section
from tests.services.inference_worker.scene import DUTY, JOURNAL, MODEL, content, flags, make_factors

HOUR = DAY_NS // 24
RULES = FallbackRules(max_age_bars=3)
TROUBLES = (
    Reason.TIMEOUT, Reason.CRASH, Reason.INVALID, Reason.BREAKER_OPEN, Reason.NO_FACTORS, Reason.NO_BARS, Reason.GAP,
    Reason.COVERAGE, Reason.GATED,
)  # fmt: skip


def section(bar: int, *, filled: bool = False, **marks: Any) -> Section:
    """A section a day, stamped with its own day."""
    it = Section(JOURNAL, bar, Mode.REPLAY, day_ns(bar), day_ns(bar) - 1, 0)
    if filled:
        it.fill(make_factors(bar, **marks), 0)
    return it


def spoken(bar: int = 4) -> Spoken:
    """What was computed at a bar; the second symbol was cold."""
    marks = np.array([Flag.OK, Flag.COLD, Flag.OK], np.uint8)
    return speak(section(bar), make_factors(bar), np.array([1.0, 2.0, 3.0]), marks, MODEL)


def instead(rules: FallbackRules, it: Section, previous: Spoken | None, reason: Reason = Reason.TIMEOUT) -> Signals:
    """What goes out."""
    return Fallback(rules).instead(it, DUTY, previous, reason)


def said(signals: Signals) -> tuple[Status, Reason, int]:
    """Status, reason and age."""
    return signals.status, signals.reason, signals.age


@pytest.mark.parametrize("reason", TROUBLES)
def test_the_previous_signal_says_why_it_is_held(reason: Reason) -> None:
    """Whatever the trouble is; void as long as there is nothing, and the default if there is one for that case."""
    assert said(instead(RULES, section(5), spoken(), reason)) == (Status.HELD, reason, 1)
    assert said(instead(RULES, section(5), None, reason)) == (Status.VOID, Reason.NOTHING_YET, 0)
    with_value = replace(RULES, default_value=0.5)
    assert said(instead(with_value, section(5), spoken(), reason)) == (Status.HELD, reason, 1)
    assert said(instead(with_value, section(5, filled=True), None, reason)) == (Status.DEFAULT, reason, 0)


@pytest.mark.parametrize("reason", NEVER_SPEAKS)
@pytest.mark.parametrize("rules", [RULES, replace(RULES, default_value=1.0, always=True)])
def test_what_must_not_speak_is_void(rules: FallbackRules, reason: Reason) -> None:
    """A halt, and a model past its date, whatever the policy; what was said last stays named."""
    signals = instead(rules, section(5, filled=True), spoken(), reason)
    assert said(signals) == (Status.VOID, reason, 1)
    assert signals.computed_from == Origin(4, day_ns(4))
    assert np.isnan(signals.values).all()
    assert set(flags(signals)) == {Flag.GATED}


def test_default_for_everybody_who_could_have_a_value() -> None:
    """By this section's marks if its factors are there, else by the previous section's; features do not matter."""
    rules = replace(RULES, default_value=-0.25, always=True)
    bare = section(5, filled=True, member=[0, 1, 1], present=[1, 0, 1], alpha=[np.nan] * 3, beta=[np.nan] * 3)
    signals = instead(rules, bare, spoken())
    assert said(signals) == (Status.DEFAULT, Reason.TIMEOUT, 1)
    assert flags(signals) == [Flag.NOT_MEMBER, Flag.NO_BAR, Flag.OK]
    assert str(signals.values.tolist()) == "[nan, nan, -0.25]"
    without = instead(rules, section(6), spoken(), Reason.NO_BARS)
    assert said(without) == (Status.DEFAULT, Reason.NO_BARS, 2)
    assert str(without.values.tolist()) == "[-0.25, nan, -0.25]"
    assert said(instead(rules, section(1), None, Reason.NO_BARS)) == (Status.VOID, Reason.NOTHING_YET, 0)


@pytest.mark.parametrize(
    ("limits", "bar", "expected"),
    [
        ({"max_age_bars": 2}, 6, (Status.HELD, Reason.TIMEOUT, 2)),
        ({"max_age_bars": 2}, 7, (Status.VOID, Reason.MAX_AGE, 3)),
        ({"max_age_bars": 0}, 5, (Status.VOID, Reason.MAX_AGE, 1)),
        ({"max_age_ns": DAY_NS}, 5, (Status.HELD, Reason.TIMEOUT, 1)),
        ({"max_age_ns": DAY_NS}, 6, (Status.VOID, Reason.MAX_AGE, 2)),
        ({"across_sessions": False}, 5, (Status.VOID, Reason.SESSION, 1)),
        ({"across_sessions": False, "max_age_bars": 0}, 5, (Status.VOID, Reason.MAX_AGE, 1)),
    ],
)
def test_how_long_a_signal_is_held(limits: dict[str, Any], bar: int, expected: tuple[Status, Reason, int]) -> None:
    """In bars, in time from section to section, and never on another day."""
    assert said(instead(replace(RULES, **limits), section(bar), spoken())) == expected


@pytest.mark.parametrize(
    ("stamp", "origin", "status"),
    [(10 * HOUR, 1, Status.HELD), (10 * HOUR, 9, Status.HELD), (10 * HOUR, 11, Status.VOID), (HOUR, 2, Status.VOID)],
)
def test_a_session_is_the_day_of_the_stamp(stamp: int, origin: int, status: Status) -> None:
    """Bars stamped in a zone eight hours ahead of their close time; the one before was so many hours earlier."""
    day = 1000 * DAY_NS
    it = Section(JOURNAL, 5, Mode.REPLAY, day + stamp - 8 * HOUR, day + stamp, 0)
    previous = replace(spoken(), origin=Origin(4, it.time - origin * HOUR))
    assert instead(replace(RULES, across_sessions=False), it, previous).status is status


def test_recalled_from_a_void_section() -> None:
    """A worker that restarts says the same again; but values that were not sent cannot be held."""
    old = instead(RULES, section(9), spoken())
    assert said(instead(RULES, section(10), Spoken.of(old))) == (Status.VOID, Reason.MAX_AGE, 6)
    halted = instead(RULES, section(5), spoken(), Reason.HALTED)
    assert said(instead(RULES, section(6), Spoken.of(halted))) == (Status.VOID, Reason.NOTHING_YET, 2)


def test_recalled_from_a_default_section() -> None:
    """Its values are nobody's opinion and never held, but its age and its symbols are known."""
    rules = replace(RULES, default_value=0.5, always=True)
    first = instead(rules, section(5), spoken())
    again, undisturbed = (instead(rules, section(6), it) for it in (Spoken.of(first), spoken()))
    assert content(again) == content(undisturbed)
    assert said(again) == said(undisturbed)
    assert said(instead(RULES, section(6), Spoken.of(first))) == (Status.VOID, Reason.NOTHING_YET, 2)


def test_every_reason_of_the_wire_has_its_place() -> None:
    """Said by the fallback as trouble, as void, or elsewhere: by a good answer, or by the client."""
    of_age = {Reason.MAX_AGE, Reason.SESSION, Reason.NOTHING_YET}
    assert {*TROUBLES, *NEVER_SPEAKS, *of_age, Reason.NONE, Reason.WAIT} == set(Reason)
