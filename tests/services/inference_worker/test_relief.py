"""A model that never answered: when an arm calls it unfit, and what it does until somebody else is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alphabus.messages import Model, Reason, Status
from services.inference_worker.control import halt, state_of
from services.inference_worker.duty import Duty, Voice
from services.inference_worker.rules import Rules
from tests.services.inference_worker.scene import DEADLINE, DUTY, PLAN, WAIT, Scene, values_of

VACANT = Duty(Voice("champion", 0.5, Model("demo", 9, "ef" * 32)), b"", ())
OTHER = Duty(Voice("champion", 0.5, Model("demo", 4, "cd" * 32)), PLAN, DUTY.features)


def on_trial(rules: Rules, *, possible: bool = True) -> Scene:
    """An arm whose model has not spoken; its first section is due, with its factors."""
    scene = Scene(replace(rules, attempts=2))
    scene.arm.relieve(possible=possible)
    scene.ready()
    scene.announce(1)
    scene.fill(1)
    return scene


def fail(scene: Scene, how: str) -> None:
    """One more executor ends, and the next is ready."""
    if how == "crash":
        scene.crash()
    elif how == "invalid":
        scene.answer_nonsense()
    else:
        scene.at(scene.now + scene.rules.hang_after_ns)
    if not scene.arm.unfit:
        scene.ready()


@pytest.mark.parametrize("how", ["crash", "invalid", "hang"])
def test_after_so_many_failures_nothing_more_is_asked_of_it(how: str) -> None:
    """And no section is closed for them: under `wait` it stays open until another model is there."""
    scene = on_trial(WAIT)
    for _ in range(2):
        assert not scene.arm.unfit
        fail(scene, how)
    assert scene.arm.unfit
    scene.ready()
    scene.at(scene.now + 10_000)
    assert (len(scene.submitted), scene.told) == (2, [])
    scene.do(scene.arm.swap(OTHER, scene.now))
    scene.answer(values_of(1))
    assert [(it.status, it.model.version) for it in scene.published] == [(Status.FRESH, 4)]


def test_children_that_never_load_count_as_well() -> None:
    """The section that has its factors is not given up for them, as it would be otherwise."""
    scene = Scene(replace(WAIT, attempts=2))
    scene.arm.relieve(possible=True)
    scene.announce(1)
    scene.fill(1)
    scene.crash()
    scene.crash()
    assert (scene.arm.unfit, scene.arm.unready, scene.told) == (True, 2, [])
    scene.arm.relieve(possible=False)
    scene.step()
    assert [it.reason for it in scene.published] == [Reason.NOTHING_YET]


def test_under_a_deadline_the_fallback_goes_out_in_time() -> None:
    """Not before: somebody else may still be there by then."""
    scene = on_trial(DEADLINE)
    for _ in range(2):
        fail(scene, "crash")
    scene.at(99)
    assert (scene.arm.unfit, scene.told) == (True, [])
    scene.at(100)
    assert [(it.status, it.reason) for it in scene.published] == [(Status.VOID, Reason.NOTHING_YET)]


def test_where_nobody_else_can_serve_it_goes_on() -> None:
    """As a model that has spoken does: the section is given up, the next is tried."""
    scene = on_trial(WAIT, possible=False)
    for _ in range(2):
        fail(scene, "crash")
    assert not scene.arm.unfit
    assert len(scene.published) == 1
    scene.ready()
    scene.announce(2)
    scene.fill(2)
    assert len(scene.submitted) == 3


def test_one_answer_is_enough_to_be_fit() -> None:
    """Whatever comes later: what was good once is for a person to judge."""
    scene = on_trial(WAIT)
    fail(scene, "crash")
    scene.answer()
    for bar in (2, 3):
        scene.announce(bar)
        scene.fill(bar)
        for _ in range(2):
            fail(scene, "crash")
    assert not scene.arm.unfit
    assert [it.reason for it in scene.published[1:]] == [Reason.CRASH, Reason.CRASH]


def test_a_model_that_is_wanted_all_the_same_begins_anew() -> None:
    """A person promoted it again: it has all its attempts before it is unfit once more."""
    scene = on_trial(WAIT)
    for _ in range(2):
        fail(scene, "crash")
    scene.do(scene.arm.pardon(scene.now))
    assert not scene.arm.unfit
    scene.ready()
    assert len(scene.submitted) == 3


def test_another_model_has_failed_at_nothing() -> None:
    """Its own failures count, and not those of the one before."""
    scene = on_trial(WAIT)
    for _ in range(2):
        fail(scene, "crash")
    scene.do(scene.arm.swap(OTHER, scene.now))
    scene.crash()
    assert not scene.arm.unfit
    scene.crash()
    assert scene.arm.unfit


def test_a_person_comes_first() -> None:
    """A halted arm says so at once, whoever is awaited."""
    scene = on_trial(WAIT)
    for _ in range(2):
        fail(scene, "crash")
    scene.do(halt(scene.arm, scene.now))
    assert [it.reason for it in scene.published] == [Reason.HALTED]


@pytest.mark.parametrize("rules", [WAIT, DEADLINE])
def test_an_arm_that_nobody_serves_says_so_at_once(rules: Rules) -> None:
    """It wants no factors, so it waits for none; while it may be relieved a section is open until it is due."""
    scene = Scene(rules, duty=VACANT)
    scene.arm.vacate()
    scene.arm.relieve(possible=True)
    scene.announce(1)
    assert (scene.arm.unfit, scene.told) == (True, [])
    scene.arm.relieve(possible=False)
    scene.step()
    scene.announce(2)
    assert state_of(scene.arm) == "vacant"
    assert [(it.bar, it.status, it.reason) for it in scene.published] == [
        (bar, Status.VOID, Reason.NOTHING_YET) for bar in (1, 2)
    ]
    assert (scene.arm.done, scene.submitted) == (True, [])


def test_who_comes_after_nobody_has_failed_at_nothing() -> None:
    """It serves from the next section on, and may be relieved itself."""
    scene = Scene(WAIT, duty=VACANT)
    scene.arm.vacate()
    scene.announce(1)
    scene.do(scene.arm.swap(DUTY, scene.now))
    scene.announce(2)
    scene.fill(2)
    scene.answer()
    assert [it.status for it in scene.published] == [Status.VOID, Status.FRESH]
    assert (scene.arm.unready, scene.arm.unfit, state_of(scene.arm)) == (0, False, "free")
