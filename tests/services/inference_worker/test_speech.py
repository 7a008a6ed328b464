"""What an arm says of a section, and what it remembers of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest

from alphabus.messages import Flag, Mode, Reason, Signals, Status
from alphabus.testing import day_ns
from services.inference_worker.actions import Action, Publish, Told
from services.inference_worker.age import ModelAge
from services.inference_worker.rules import Rules
from services.inference_worker.section import Section
from services.inference_worker.speech import Speech
from services.inference_worker.standstill import LIMIT_NS
from tests.services.inference_worker.scene import DEADLINE, DUTY, GATE, JOURNAL, make_factors

HOLDING = replace(DEADLINE, gate=replace(GATE, holds=True))
RANGED = replace(DUTY, prediction_range=(-1.0, 1.0))
GOOD, ODD = (0.5, -0.5, 0.0), (9.0, 0.0, 0.5)


def section(bar: int) -> Section:
    """A section whose factors are there."""
    it = Section(JOURNAL, bar, Mode.REPLAY, day_ns(bar), day_ns(bar) - 1, 0)
    it.fill(make_factors(bar), 0)
    return it


def speech(rules: Rules = DEADLINE) -> Speech:
    """Nothing was said yet."""
    return Speech(rules, ModelAge(rules.max_model_ns))


def own(it: Speech, bar: int, values: Iterable[float], *, late: bool = False) -> list[Action]:
    """What it says of an answer."""
    judged = it.judge(make_factors(bar), RANGED, np.array([*values]), None)
    due = DEADLINE.deadline_ns
    return list(it.own(section(bar), RANGED, judged, deadline_ns=due, late=late, times=(0, 5)))


def published(actions: list[Action]) -> list[tuple[int, Status, Reason, int]]:
    """Bar, status, reason and revision of what goes out."""
    said: list[Signals] = [action.signals for action in actions if isinstance(action, Publish)]
    return [(signals.bar, signals.status, signals.reason, signals.revision) for signals in said]


@pytest.mark.parametrize(("late", "status"), [(False, Status.FRESH), (True, Status.LATE)])
def test_what_is_said_is_remembered(status: Status, *, late: bool) -> None:
    """It is what is held in the place of the next one."""
    it = speech()
    assert published(own(it, 4, GOOD, late=late)) == [(4, status, Reason.NONE, int(late))]
    assert it.previous is not None
    assert (it.previous.origin.bar, it.previous.values.tolist()) == (4, list(GOOD))
    assert published(list(it.instead(section(5), RANGED, Reason.CRASH, deadline_ns=0))) == [
        (5, Status.HELD, Reason.CRASH, 0)
    ]
    assert it.previous.origin.bar == 4


@pytest.mark.parametrize("late", [False, True])
def test_what_is_held_back_is_not_remembered(*, late: bool) -> None:
    """The one before goes out, or nothing where that was said already; it is told either way."""
    it = speech(HOLDING)
    own(it, 4, GOOD)
    actions = own(it, 5, ODD, late=late)
    assert published(actions) == ([] if late else [(5, Status.HELD, Reason.GATED, 0)])
    assert [action.event for action in actions if isinstance(action, Told)] == ["answer_suspect"]
    assert it.previous is not None
    assert it.previous.origin.bar == 4


def test_what_is_suspect_may_be_said_all_the_same() -> None:
    """A gate that only flags tells it after the section is out."""
    actions = own(speech(), 4, ODD)
    assert [type(action) for action in actions] == [Publish, Told]
    assert published(actions) == [(4, Status.FRESH, Reason.NONE, 0)]


def test_only_who_may_have_a_value_is_judged() -> None:
    """Infinity for somebody with too few features is no nonsense, for others it is."""
    factors = make_factors(4, alpha=[nan, 1.0, 1.0], beta=[nan, 1.0, 1.0])
    harmless = speech().judge(factors, DUTY, np.array([inf, 1.0, 2.0]), None)
    assert harmless.flags.tolist() == [Flag.FEW_FEATURES, Flag.OK, Flag.OK]
    assert not harmless.verdict.invalid
    assert speech().judge(factors, DUTY, np.array([1.0, inf, 2.0]), None).verdict.invalid


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (DEADLINE.deadline_ns - 1, [(5, Status.FRESH, Reason.NONE, 0, 5)]),
        (DEADLINE.deadline_ns, [(5, Status.HELD, Reason.TIMEOUT, 0, 4), (5, Status.LATE, Reason.NONE, 1, 5)]),
    ],
)
def test_a_worker_that_stands_still_before_it_sends(now: int, said: list[object]) -> None:
    """From the deadline on the signal before goes out, and right behind it the section's own values as its revision."""
    it = speech()
    own(it, 4, GOOD)
    (action,) = (action for action in own(it, 5, GOOD) if isinstance(action, Publish))
    out = action.said(now)
    assert [(one.bar, one.status, one.reason, one.revision, origin(one)) for one in out] == said


def origin(signals: Signals) -> int:
    """The bar that the values were computed from."""
    assert signals.computed_from is not None
    return signals.computed_from.bar


@pytest.mark.parametrize(("late_ns", "overdue"), [(-1, False), (LIMIT_NS, False), (LIMIT_NS + 1, True)])
def test_well_behind_its_deadline(late_ns: int, *, overdue: bool) -> None:
    """Whatever goes out so late was kept by a stand-still, the fallback as well as an answer."""
    it = speech()
    said = [*own(it, 4, GOOD), *it.instead(section(5), RANGED, Reason.CRASH, deadline_ns=DEADLINE.deadline_ns)]
    publishes = [action for action in said if isinstance(action, Publish)]
    assert [each.is_overdue(DEADLINE.deadline_ns + late_ns) for each in publishes] == [overdue, overdue]
