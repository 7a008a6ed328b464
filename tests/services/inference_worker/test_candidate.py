"""A candidate shows what it must before it may serve; each thing it fails at has its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from alphabus.messages import Factors
from services.inference_worker.candidate import Candidate, Phase, Trial, warm_members
from services.inference_worker.duty import Duty
from tests.services.inference_worker.scene import FEATURES, SYMBOLS, VOICE, make_factors

OWN, USED = b"o" * 32, b"u" * 32
TRIAL = Trial(min_features=0.5, patience_ns=1000, wait_ns=10_000, wait_bars=3)


def candidate(plan: bytes = OWN) -> Candidate:
    """One that has loaded."""
    it = Candidate(Duty(VOICE, plan, FEATURES), TRIAL)
    it.loaded()
    return it


def factors(bar: int, plan: bytes, **changes: Any) -> Factors:
    """A section of a plan."""
    return replace(make_factors(bar, **changes), plan=plan)


def rehearsed(plan: bytes = OWN) -> Candidate:
    """One that has answered the last section well."""
    it = candidate(plan)
    assert it.rehearses(factors(1, plan), USED, 0) is not None
    it.answered(np.zeros(len(SYMBOLS)))
    return it


def test_until_it_has_loaded_nothing_is_asked_of_it() -> None:
    """It would have nobody to answer."""
    it = Candidate(Duty(VOICE, OWN, FEATURES), TRIAL)
    assert it.rehearses(factors(1, OWN), USED, 0) is None
    it.answered(np.zeros(3))
    assert it.look(factors(1, OWN), factors(1, USED), 0, 5) == []
    assert it.phase is Phase.LOADING


def test_it_answers_the_last_section_once() -> None:
    """The newest of its own plan; then it is ready where its factors are as warm."""
    it = candidate()
    section = factors(4, OWN)
    assert it.rehearses(section, USED, 0) is section
    assert it.rehearses(factors(5, OWN), USED, 0) is None
    it.answered(np.zeros(len(SYMBOLS)))
    it.look(factors(5, OWN), factors(5, USED), 0, 5)
    assert it.phase is Phase.READY


def test_of_the_plan_in_use_nothing_has_to_be_waited_for() -> None:
    """Also where no section has come yet."""
    it = candidate(USED)
    assert it.rehearses(None, USED, 0) is None
    assert it.look(None, None, 0, 5) == []
    assert it.phase is Phase.READY


def test_of_another_plan_the_first_section_is_waited_for() -> None:
    """It is said once that it waits."""
    it = candidate()
    assert it.rehearses(None, USED, 0) is None
    told = [told.event for now in range(3) for told in it.look(None, factors(1, USED), now, 5)]
    assert told == ["candidate_waiting"]
    assert it.rehearses(factors(2, OWN), USED, 0) is not None


@pytest.mark.parametrize(
    ("own", "used", "phase"),
    [
        (factors(5, OWN), factors(5, USED), Phase.READY),
        (factors(4, OWN), factors(5, USED), Phase.WARMING),
        (factors(5, OWN, warm=[1, 1, 0]), factors(5, USED), Phase.WARMING),
        (factors(5, OWN, warm=[1, 1, 0]), factors(5, USED, warm=[0, 1, 1]), Phase.READY),
        (factors(5, OWN, warm=[1, 1, 0]), factors(5, USED, member=[1, 1, 0]), Phase.READY),
        (replace(factors(5, OWN), journal=b"x" * 16), factors(5, USED), Phase.WARMING),
        (None, factors(5, USED), Phase.WARMING),
        (factors(5, OWN), None, Phase.READY),
    ],
)
def test_its_factors_must_be_as_warm_as_those_in_use(own: Factors | None, used: Factors | None, phase: Phase) -> None:
    """Of the same section, with as many warm members."""
    it = rehearsed()
    it.look(own, used, 0, 5)
    assert it.phase is phase


def test_readiness_is_judged_anew_until_the_switch() -> None:
    """A plan that falls behind again has to catch up again."""
    it = rehearsed()
    it.look(factors(5, OWN), factors(5, USED), 0, 5)
    it.look(factors(5, OWN), factors(6, USED), 0, 5)
    assert it.phase is Phase.WARMING


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nonsense_for_whoever_should_have_a_value_is_a_failure(value: float) -> None:
    """The reason counts them; of others it may say what it likes."""
    it = candidate()
    it.rehearses(factors(1, OWN), USED, 0)
    it.answered(np.array([0.0, value, value]))
    assert (it.phase, it.reason) == (Phase.FAILED, "answered NaN or infinity for 2 of 3 symbols")
    fine = candidate()
    fine.rehearses(factors(1, OWN, member=[1, 0, 0]), USED, 0)
    fine.answered(np.array([0.0, value, value]))
    assert fine.phase is Phase.WARMING


def test_factors_that_are_not_what_it_wants_are_a_failure() -> None:
    """The digest of a plan promises its columns; who promised wrongly does not serve."""
    it = Candidate(Duty(VOICE, OWN, (*FEATURES, "gamma")), TRIAL)
    it.loaded()
    assert it.rehearses(factors(1, OWN), USED, 0) is None
    assert (it.phase, it.reason) == (Phase.FAILED, "its factors lack gamma")


def test_patience_with_its_answer_ends() -> None:
    """On the clock that is handed in."""
    it = candidate()
    it.rehearses(factors(1, OWN), USED, 50)
    assert it.wake_ns() == 1050
    it.look(factors(1, OWN), factors(1, USED), 1049, 5)
    assert it.reason == ""
    it.look(factors(1, OWN), factors(1, USED), 1050, 5)
    assert (it.phase, "no answer" in it.reason) == (Phase.FAILED, True)
    assert it.wake_ns() is None


def test_whoever_was_warm_is_counted_once() -> None:
    """Members with a full look-back, present or not."""
    assert warm_members(factors(1, OWN, member=[1, 1, 0], warm=[1, 0, 1], present=[0, 1, 1])) == 1


@pytest.mark.parametrize(
    ("now", "bar", "fails"), [(10_000, 7, False), (9_999, 8, False), (10_000, 8, True), (90_000, 90, True)]
)
def test_it_does_not_wait_for_ever(now: int, bar: int, fails: bool) -> None:  # noqa: FBT001  a table
    """Until its time is over, and so many sections have passed: a market that is closed is not its fault."""
    it = candidate()
    it.rehearses(None, USED, 0)
    assert [told.level for told in it.look(None, factors(5, USED), 0, 5)] == ["warning"]
    assert it.look(None, factors(bar, USED), now, bar) == []
    assert (it.phase is Phase.FAILED, "did not come" in it.reason) == (fails, fails)


def test_factors_that_stay_cold_end_its_wait_too() -> None:
    """The reason tells that from factors that never came."""
    it = rehearsed()
    it.look(factors(5, OWN, warm=[0, 0, 0]), factors(5, USED), 0, 5)
    it.look(factors(9, OWN, warm=[0, 0, 0]), factors(9, USED), 20_000, 9)
    assert (it.phase, "not as warm" in it.reason) == (Phase.FAILED, True)


def test_whoever_became_ready_in_the_end_is_not_given_up() -> None:
    """However long it took."""
    it = rehearsed()
    it.look(factors(4, OWN), factors(5, USED), 0, 5)
    it.look(factors(9, OWN), factors(9, USED), 20_000, 9)
    assert it.phase is Phase.READY


def test_another_child_is_asked_anew() -> None:
    """The first one died over the question: its answer is not awaited any more."""
    it = candidate()
    it.rehearses(factors(1, OWN), USED, 0)
    assert it.is_asked
    it.starts_anew()
    it.loaded()
    assert it.rehearses(factors(1, OWN), USED, 5) is not None
