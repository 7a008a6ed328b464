"""What stands between an answer and its signal: a halt, the breaker, the gate, a model's age, a swap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from alphabus.messages import Model, Reason, Status
from alphabus.testing import day_ns
from services.inference_worker import control
from services.inference_worker.age import DAY_NS
from services.inference_worker.breaker import State
from services.inference_worker.duty import Duty, Voice
from services.inference_worker.rules import Rules
from tests.services.inference_worker.scene import (
    BREAKER,
    DEADLINE,
    DUTY,
    FALLBACK,
    FEATURES,
    GATE,
    GUARDED,
    OF_GUARDS,
    WAIT,
    Said,
    Scene,
    started,
)

FRESH, LATE, HELD, DEFAULT, VOID = Status.FRESH, Status.LATE, Status.HELD, Status.DEFAULT, Status.VOID
NONE = Reason.NONE
HALTED_2_AND_3: list[Said] = [(2, 0, VOID, Reason.HALTED, 1), (3, 0, VOID, Reason.HALTED, 2)]

PATIENT = replace(GUARDED, attempts=100)
STRICT = replace(DEADLINE, gate=replace(GATE, holds=True))
BY_DAY = replace(DEADLINE, fallback=replace(FALLBACK, across_sessions=False))
BY_VALUE = replace(DEADLINE, fallback=replace(FALLBACK, default_value=0.0, always=True))
MORTAL = replace(DEADLINE, max_model_ns=DAY_NS)

RANGED = replace(DUTY, prediction_range=(-3.0, 3.0))
DATED = replace(DUTY, model_time_ns=day_ns(1))
OTHER = Duty(Voice("champion", 0.5, Model("demo", 4, "cd" * 32)), b"q" * 32, FEATURES)

Play = Callable[[Scene], None]


def halt(scene: Scene) -> None:
    """Stop, says a person."""
    scene.do(control.halt(scene.arm, scene.now))


def resume(scene: Scene) -> None:
    """Go on, says a person."""
    scene.do(control.resume(scene.arm, scene.now))


def force(scene: Scene) -> None:
    """Open the breaker by hand."""
    scene.do(control.force_open(scene.arm, scene.now))


def close(scene: Scene) -> None:
    """Close it by hand."""
    scene.do(control.close_breaker(scene.arm, scene.now))


def crash_thrice(scene: Scene) -> None:
    """Three children die of section 2."""
    scene.fill(2)
    for _ in range(3):
        scene.crash()
        scene.ready()


def halted_at_once(scene: Scene) -> None:
    """What is announced is void now, due or not; what is announced later as soon as that."""
    halt(scene)
    scene.announce(4, due_in=5000)


def halted_at_work(scene: Scene) -> None:
    """The executor has a section: its answer is dropped, and nobody is killed."""
    scene.fill(2)
    halt(scene)
    scene.answer()


def halted_and_hung(scene: Scene) -> None:
    """It does not answer at all: it is killed when a late answer would have been too late."""
    scene.fill(2)
    halt(scene)
    scene.at(1399)
    assert not scene.replaced
    scene.at(1400)


def halted_late(scene: Scene) -> None:
    """What was held before gets no revision any more."""
    scene.fill(2)
    scene.at(1100)
    halt(scene)
    scene.answer()


def resumed(scene: Scene) -> None:
    """From the next section on everything is as before."""
    halted_at_once(scene)
    resume(scene)
    scene.announce(5)
    scene.score(5)


def opened(scene: Scene) -> None:
    """The third failure opens the breaker; the section it hit says what hit it, the next one why it is not tried."""
    crash_thrice(scene)
    scene.at(2000)
    scene.fill(3)


def opened_without_factors(scene: Scene) -> None:
    """Data come first: what lacks its factors says so."""
    crash_thrice(scene)
    scene.close(3)
    scene.at(2100)
    scene.fill(3)


def probed(scene: Scene) -> None:
    """After its time one section is tried; well, and all is well."""
    opened(scene)
    scene.at(2600)
    scene.announce(4, 5)
    scene.score(4)
    scene.score(5)


def probed_in_vain(scene: Scene) -> None:
    """The probe crashes: its section says so, and the breaker stays open twice as long."""
    opened(scene)
    scene.at(2600)
    scene.announce(4, 5)
    scene.fill(4)
    scene.crash()
    scene.ready()
    scene.at(2600 + 2 * BREAKER.open_ns - 1)
    scene.fill(5)


def probe_hangs(scene: Scene) -> None:
    """Half-open lasts as long as an answer may: then the child is killed, and the breaker is open."""
    opened(scene)
    scene.at(2600)
    scene.announce(4)
    scene.fill(4)
    scene.at(2700)
    scene.at(3000)


def waits_for_a_probe(scene: Scene) -> None:
    """No executor is there when the time of the probe has come: the section says what the last one died of."""
    opened(scene)
    scene.crash()
    scene.at(2600)
    scene.announce(4)
    scene.fill(4)
    scene.at(2700)


def slow_thrice(scene: Scene) -> None:
    """Answers that are good but late open it, too: after the third, the fourth section is not tried."""
    scene.announce(4, 5, due_in=2000)
    for bar in (2, 3, 4):
        scene.now = 1000 * (bar - 1)
        scene.fill(bar)
        scene.at(scene.now + 100)
        scene.answer()
    scene.fill(5)


def forced(scene: Scene) -> None:
    """By hand, under either policy; a section that is with the executor is still taken."""
    scene.fill(2)
    force(scene)
    scene.answer()
    scene.fill(3)
    close(scene)
    scene.announce(4, due_in=1000)
    scene.score(4)


def gated(scene: Scene) -> None:
    """An answer far outside the training's range, then a good one."""
    scene.fill(2)
    scene.answer(np.array([0.0, 1e300, 0.0]))
    scene.fill(3)
    scene.answer(np.zeros(3))


def gated_late(scene: Scene) -> None:
    """What would have been the revision is suspect: there is none."""
    scene.fill(2)
    scene.at(1100)
    scene.answer(np.array([0.0, 1e300, 0.0]))


def past_its_date(scene: Scene) -> None:
    """The limit is a day: section 2 is served, with a warning; section 3, once its factors are there, is not."""
    scene.score(2)
    scene.at(1999)
    scene.fill(3)


def past_its_date_without_factors(scene: Scene) -> None:
    """They would only have named the symbols."""
    scene.score(2)
    scene.at(2100)


def another_day(scene: Scene) -> None:
    """Every bar is a session of its own here."""
    scene.at(1100)


def default_value(scene: Scene) -> None:
    """It goes out in time, and a late answer revises it."""
    scene.fill(2)
    scene.at(1100)
    scene.answer()


CASES: list[tuple[Rules, Duty, Play, list[Said], list[Reason], list[str]]] = [
    (DEADLINE, DUTY, halted_at_once, [*HALTED_2_AND_3, (4, 0, VOID, Reason.HALTED, 3)], [], ["arm_halted"]),
    (WAIT, DUTY, halted_at_once, [*HALTED_2_AND_3, (4, 0, VOID, Reason.HALTED, 3)], [], ["arm_halted"]),
    (DEADLINE, DUTY, halted_at_work, HALTED_2_AND_3, [], ["arm_halted"]),
    (DEADLINE, DUTY, halted_and_hung, HALTED_2_AND_3, [Reason.TIMEOUT], ["arm_halted"]),
    (DEADLINE, DUTY, halted_late, [(2, 0, HELD, Reason.TIMEOUT, 1), HALTED_2_AND_3[1]], [], ["arm_halted"]),
    (DEADLINE, DUTY, resumed,
     [*HALTED_2_AND_3, (4, 0, VOID, Reason.HALTED, 3), (5, 0, FRESH, NONE, 0)], [], ["arm_halted", "arm_resumed"]),
    (GUARDED, DUTY, opened,
     [(2, 0, HELD, Reason.CRASH, 1), (3, 0, HELD, Reason.BREAKER_OPEN, 2)], [], ["breaker_open"]),
    (PATIENT, DUTY, opened,
     [(2, 0, HELD, Reason.CRASH, 1), (3, 0, HELD, Reason.BREAKER_OPEN, 2)], [], ["breaker_open"]),
    (GUARDED, DUTY, opened_without_factors,
     [(2, 0, HELD, Reason.CRASH, 1), (3, 0, HELD, Reason.NO_FACTORS, 2)], [], ["breaker_open"]),
    (GUARDED, DUTY, probed,
     [(2, 0, HELD, Reason.CRASH, 1), (3, 0, HELD, Reason.BREAKER_OPEN, 2), (4, 0, FRESH, NONE, 0),
      (5, 0, FRESH, NONE, 0)], [], ["breaker_open", "breaker_half_open", "breaker_closed"]),
    (GUARDED, DUTY, probed_in_vain,
     [(2, 0, HELD, Reason.CRASH, 1), (3, 0, HELD, Reason.BREAKER_OPEN, 2), (4, 0, VOID, Reason.MAX_AGE, 3),
      (5, 0, VOID, Reason.MAX_AGE, 4)], [], ["breaker_open", "breaker_half_open", "breaker_open"]),
    (GUARDED, DUTY, probe_hangs,
     [(2, 0, HELD, Reason.CRASH, 1), (3, 0, HELD, Reason.BREAKER_OPEN, 2), (4, 0, VOID, Reason.MAX_AGE, 3)],
     [Reason.TIMEOUT], ["breaker_open", "breaker_half_open", "breaker_open"]),
    (replace(GUARDED, fallback=replace(FALLBACK, max_age_bars=9)), DUTY, waits_for_a_probe,
     [(2, 0, HELD, Reason.CRASH, 1), (3, 0, HELD, Reason.BREAKER_OPEN, 2), (4, 0, HELD, Reason.CRASH, 3)],
     [], ["breaker_open"]),
    (GUARDED, DUTY, slow_thrice,
     [(2, 0, HELD, Reason.TIMEOUT, 1), (2, 1, LATE, NONE, 0), (3, 0, HELD, Reason.TIMEOUT, 1), (3, 1, LATE, NONE, 0),
      (4, 0, HELD, Reason.TIMEOUT, 1), (4, 1, LATE, NONE, 0), (5, 0, HELD, Reason.BREAKER_OPEN, 1)],
     [], ["breaker_open"]),
    *((rules, DUTY, forced,
       [(2, 0, FRESH, NONE, 0), (3, 0, HELD, Reason.BREAKER_OPEN, 1), (4, 0, FRESH, NONE, 0)],
       [], ["breaker_forced_open", "breaker_closed"]) for rules in (DEADLINE, GUARDED, WAIT)),
    (STRICT, RANGED, gated, [(2, 0, HELD, Reason.GATED, 1), (3, 0, FRESH, NONE, 0)], [], ["answer_suspect"]),
    (DEADLINE, RANGED, gated, [(2, 0, FRESH, NONE, 0), (3, 0, FRESH, NONE, 0)], [], ["answer_suspect"]),
    (STRICT, DUTY, gated, [(2, 0, FRESH, NONE, 0), (3, 0, FRESH, NONE, 0)], [], []),
    (STRICT, RANGED, gated_late, [(2, 0, HELD, Reason.TIMEOUT, 1)], [], ["answer_suspect"]),
    (MORTAL, DATED, past_its_date,
     [(2, 0, FRESH, NONE, 0), (3, 0, VOID, Reason.MODEL_AGE, 1)], [], ["model_ages", "model_too_old"]),
    (replace(WAIT, max_model_ns=DAY_NS), DATED, past_its_date,
     [(2, 0, FRESH, NONE, 0), (3, 0, VOID, Reason.MODEL_AGE, 1)], [], ["model_ages", "model_too_old"]),
    (MORTAL, DATED, past_its_date_without_factors,
     [(2, 0, FRESH, NONE, 0), (3, 0, VOID, Reason.MODEL_AGE, 1)], [], ["model_ages", "model_too_old"]),
    (BY_DAY, DUTY, another_day, [(2, 0, VOID, Reason.SESSION, 1)], [], []),
    (BY_VALUE, DUTY, default_value, [(2, 0, DEFAULT, Reason.TIMEOUT, 1), (2, 1, LATE, NONE, 0)], [], []),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "duty", "play", "expected", "replaced", "heard"), CASES)
def test_scene(  # noqa: PLR0917  columns of the table
    rules: Rules, duty: Duty, play: Play, expected: list[Said], replaced: list[Reason], heard: list[str]
) -> None:
    """What is said after bar 1, who is killed for what, and what a person is told."""
    scene = started(rules, duty)
    play(scene)
    assert scene.told[1:] == expected
    assert scene.replaced == replaced
    assert scene.heard() == heard


def test_every_reason_of_a_guard_is_shown() -> None:
    """And the status that the other scenes do not have."""
    shown = [said for _, _, _, expected, _, _ in CASES for said in expected]
    assert {said[3] for said in shown} >= OF_GUARDS
    assert {said[2] for said in shown} == set(Status)


def test_the_probe_is_marked() -> None:
    """Only the first section after the breaker was open goes to the spare."""
    scene = started(GUARDED)
    probed(scene)
    assert [(it.factors.bar, it.probe) for it in scene.submitted[-2:]] == [(4, True), (5, False)]


def test_what_was_suspect_is_never_held() -> None:
    """The signal before it is."""
    scene = started(STRICT, RANGED)
    scene.fill(2)
    scene.answer(np.array([0.0, 1e300, 0.0]))
    scene.at(2100)
    first, second, third = scene.published
    assert second.computed_from == third.computed_from == first.computed_from
    assert scene.events[0].detail["bar"] == 2


def test_a_swap_is_between_two_bars() -> None:
    """Not while the executor has a section, nor while a late answer is awaited; always in between."""
    scene = started(DEADLINE)
    assert scene.arm.can_swap
    scene.fill(2)
    assert not scene.arm.can_swap
    scene.at(1100)
    assert not scene.arm.can_swap
    scene.at(1400)
    assert scene.arm.can_swap
    scene.close(3)
    scene.at(2100)
    assert not scene.arm.can_swap  # nothing is with the executor, but a late answer would still be welcome
    scene.at(2400)
    assert scene.arm.can_swap


def test_a_late_answer_is_of_the_model_that_was_late() -> None:
    """Its section belongs to the old model as a whole; the next one is the new model's."""
    scene = started(DEADLINE)
    scene.fill(2)
    scene.at(1100)
    scene.answer()
    scene.do(scene.arm.swap(OTHER, scene.now))
    scene.score(3)
    assert [(it.bar, it.revision, it.model.version) for it in scene.published[1:]] == [(2, 0, 3), (2, 1, 3), (3, 0, 4)]


def test_after_a_swap_the_other_plan_counts() -> None:
    """Factors of the old plan, or none of it, are no matter; what is held names the model that said it."""
    scene = started(DEADLINE)
    scene.sections[2].skipped.add(DUTY.plan)
    scene.do(scene.arm.swap(OTHER, scene.now))
    scene.at(1050)
    assert len(scene.told) == 1
    scene.score(2)
    scene.at(2100)
    assert scene.told[1:] == [(2, 0, FRESH, NONE, 0), (3, 0, HELD, Reason.NO_BARS, 1)]
    assert [it.model.version for it in scene.published] == [3, 4, 4]


def test_a_swap_absolves() -> None:
    """The new model gets all its attempts, and a breaker that the old one opened is closed."""
    scene = started(GUARDED)
    opened(scene)
    scene.announce(4, due_in=1000)
    assert scene.arm.breaker.state is State.OPEN
    scene.do(scene.arm.swap(OTHER, scene.now))
    assert scene.heard()[-1] == "breaker_closed"
    scene.score(4)
    assert scene.told[-1] == (4, 0, FRESH, NONE, 0)
    tried = started(WAIT)
    tried.fill(2)
    tried.crash()
    tried.crash()
    tried.do(tried.arm.swap(OTHER, tried.now))
    tried.fill(2)
    assert tried.submitted[-1].attempt == 1


def test_what_was_forced_outlives_a_swap() -> None:
    """A halt and a breaker that a person opened are of the arm, not of its model."""
    scene = started(DEADLINE)
    force(scene)
    scene.do(scene.arm.swap(OTHER, scene.now))
    scene.fill(2)
    assert scene.told[-1] == (2, 0, HELD, Reason.BREAKER_OPEN, 1)
    halt(scene)
    scene.do(scene.arm.swap(DUTY, scene.now))
    assert scene.arm.halted
    assert scene.told[-1] == (3, 0, VOID, Reason.HALTED, 2)


def test_another_journal_while_the_executor_hangs() -> None:
    """The section it has is of no numbering any more: it is killed all the same, and the stream goes on."""
    scene = started(DEADLINE)
    scene.fill(2)
    scene.arm.forget()
    assert scene.arm.wake_ns() == 1400
    scene.at(1400)
    assert scene.replaced == [Reason.TIMEOUT]
    scene.ready()
    scene.announce(1)
    scene.score(1)
    assert scene.told[-1] == (1, 0, FRESH, NONE, 0)
