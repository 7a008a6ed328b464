"""Every status and every reason an arm can give, and when: one scene each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from alphabus.messages import Flag, Reason, Status
from services.inference_worker.rules import Rules
from tests.services.inference_worker.scene import DEADLINE, OF_GUARDS, PLAN, WAIT, Said, Scene, content, flags, started

FRESH, LATE, HELD, VOID = Status.FRESH, Status.LATE, Status.HELD, Status.VOID
NONE = Reason.NONE

Play = Callable[[Scene], None]


def on_time(scene: Scene) -> None:
    """Factors and answer before the deadline."""
    scene.fill(2)
    scene.at(1099)
    scene.answer()


def late_answer(scene: Scene) -> None:
    """The answer comes between the deadline and `late_until`."""
    scene.fill(2)
    scene.at(1100)
    scene.at(1399)
    scene.answer()


def read_late(scene: Scene) -> None:
    """The answer may have been given in time, but it was read after the deadline."""
    scene.fill(2)
    scene.now = 1100
    scene.answer()


def late_factors(scene: Scene) -> None:
    """The factors themselves come after the deadline; there is still time for a revision."""
    scene.close(2)
    scene.at(1100)
    scene.at(1200)
    scene.score(2)


def given_up(scene: Scene) -> None:
    """Nothing comes until `late_until`: the child is killed."""
    scene.fill(2)
    scene.at(1100)
    scene.at(1400)


def answer_read_after_giving_up(scene: Scene) -> None:
    """An answer that is read after `late_until` is dropped; the child that gave it is sound."""
    scene.fill(2)
    scene.at(1100)
    scene.now = 1400
    scene.answer()


def crash_near_deadline(scene: Scene) -> None:
    """The child crashes, and no other is there in time."""
    scene.fill(2)
    scene.crash()
    scene.at(1100)


def nonsense_near_deadline(scene: Scene) -> None:
    """The child talks nonsense, and no other is there in time."""
    scene.fill(2)
    scene.answer_nonsense()
    scene.at(1100)


def crash_before(scene: Scene) -> None:
    """The child crashed while it was idle; its successor is still loading."""
    scene.crash()
    scene.fill(2)
    scene.at(1100)


def hang_after_a_crash(scene: Scene) -> None:
    """What an earlier child died of is no reason once another was ready."""
    scene.crash()
    scene.ready()
    scene.fill(2)
    scene.at(1100)


def never_ready(scene: Scene) -> None:
    """Executor after executor ends before it is ready: a section with factors is not kept waiting for another."""
    scene.crash()
    scene.fill(2)
    for _ in range(3):
        scene.crash()


def never_ready_then_is(scene: Scene) -> None:
    """One that is ready after all ends that."""
    never_ready(scene)
    scene.ready()
    scene.score(3)


def revived_in_time(scene: Scene) -> None:
    """The second attempt is quick enough."""
    scene.fill(2)
    scene.crash()
    scene.ready()
    scene.answer()


def executor_ready_late(scene: Scene) -> None:
    """The executor is ready only after the deadline."""
    scene.crash()
    scene.fill(2)
    scene.at(1100)
    scene.ready()
    scene.answer()


def no_factors(scene: Scene) -> None:
    """Bars came, factors did not."""
    scene.close(2)
    scene.at(1100)


def no_bars(scene: Scene) -> None:
    """Nothing at all came."""
    scene.at(1100)


def link_gap(scene: Scene) -> None:
    """The link to the engine is known to have a hole."""
    scene.gap = True
    scene.close(2)
    scene.at(1100)


def missed(scene: Scene) -> None:
    """Its time passed while the worker was away."""
    scene.miss(2)


def skipped(scene: Scene) -> None:
    """Newer factors of its plan came; that those of another plan did says nothing."""
    scene.sections[3].skipped.add(b"another")
    scene.sections[2].skipped.add(PLAN)
    scene.step()


def partial(scene: Scene) -> None:
    """Too few symbols came; factors are there to name the universe."""
    scene.fill(2, coverage=0.4)


def partial_without_factors(scene: Scene) -> None:
    """Too few symbols came, and the factors do not come at all."""
    scene.close(2, coverage=0.4)
    scene.at(1100)


def attempts_exhausted(scene: Scene) -> None:
    """Three children die of the same section; it is not tried a fourth time, and the next section is well."""
    scene.fill(2)
    for _ in range(3):
        scene.crash()
        scene.ready()
    scene.now = 2000
    scene.score(3)


def attempts_exhausted_late(scene: Scene) -> None:
    """The same, but the fallback had gone out already: the section is closed, and never reopened."""
    scene.fill(2)
    scene.at(1100)
    for _ in range(3):
        scene.crash()
        scene.ready()
    scene.score(3)
    scene.arm.add(scene.sections[2])
    scene.at(1400)


def next_due_ends_waiting(scene: Scene) -> None:
    """The next section is due before `late_until`: the child is killed, the answer would be of no use."""
    scene.fill(2)
    scene.sections[3].due_ns = 1200
    scene.at(1100)
    scene.at(1200)


def too_old(scene: Scene) -> None:
    """After `max_age_bars` held sections there is no value any more."""
    scene.announce(4, due_in=2000)
    scene.at(1500)
    scene.at(2500)
    scene.at(3500)


def hung_thrice(scene: Scene) -> None:
    """A child that gives no answer in `hang_after` is killed; after three of them the section is held."""
    scene.fill(2)
    for now in (2000, 3000, 4000):
        scene.at(now)
        scene.ready()


def nonsense_thrice(scene: Scene) -> None:
    """The same with nonsense."""
    scene.fill(2)
    for _ in range(3):
        scene.answer_nonsense()
        scene.ready()


def waits_for_factors(scene: Scene) -> None:
    """Nothing is published as long as the factors do not come, however long that is."""
    scene.close(2)
    scene.at(10**15)


def waits_in_order(scene: Scene) -> None:
    """A partial section waits for the one before it."""
    scene.fill(3, coverage=0.1)
    scene.at(5000)


def waits_then_goes_on(scene: Scene) -> None:
    """Once the first is there, those behind it follow at once and in order."""
    scene.fill(3, coverage=0.1)
    scene.score(2)


CASES: list[tuple[Rules, Play, list[Said], list[Reason]]] = [
    (DEADLINE, on_time, [(2, 0, FRESH, NONE, 0)], []),
    (DEADLINE, late_answer, [(2, 0, HELD, Reason.TIMEOUT, 1), (2, 1, LATE, NONE, 0)], []),
    (DEADLINE, read_late, [(2, 0, HELD, Reason.TIMEOUT, 1), (2, 1, LATE, NONE, 0)], []),
    (DEADLINE, late_factors, [(2, 0, HELD, Reason.NO_FACTORS, 1), (2, 1, LATE, NONE, 0)], []),
    (DEADLINE, given_up, [(2, 0, HELD, Reason.TIMEOUT, 1)], [Reason.TIMEOUT]),
    (DEADLINE, answer_read_after_giving_up, [(2, 0, HELD, Reason.TIMEOUT, 1)], []),
    (DEADLINE, crash_near_deadline, [(2, 0, HELD, Reason.CRASH, 1)], []),
    (DEADLINE, nonsense_near_deadline, [(2, 0, HELD, Reason.INVALID, 1)], [Reason.INVALID]),
    (DEADLINE, crash_before, [(2, 0, HELD, Reason.CRASH, 1)], []),
    (DEADLINE, hang_after_a_crash, [(2, 0, HELD, Reason.TIMEOUT, 1)], []),
    (DEADLINE, never_ready, [(2, 0, HELD, Reason.CRASH, 1)], []),
    (WAIT, never_ready, [(2, 0, HELD, Reason.CRASH, 1)], []),
    (WAIT, never_ready_then_is, [(2, 0, HELD, Reason.CRASH, 1), (3, 0, FRESH, NONE, 0)], []),
    (DEADLINE, revived_in_time, [(2, 0, FRESH, NONE, 0)], []),
    (DEADLINE, executor_ready_late, [(2, 0, HELD, Reason.CRASH, 1), (2, 1, LATE, NONE, 0)], []),
    (DEADLINE, no_factors, [(2, 0, HELD, Reason.NO_FACTORS, 1)], []),
    (DEADLINE, no_bars, [(2, 0, HELD, Reason.NO_BARS, 1)], []),
    (DEADLINE, link_gap, [(2, 0, HELD, Reason.GAP, 1)], []),
    (DEADLINE, missed, [(2, 0, HELD, Reason.GAP, 1)], []),
    (DEADLINE, skipped, [(2, 0, HELD, Reason.GAP, 1)], []),
    (DEADLINE, partial, [(2, 0, HELD, Reason.COVERAGE, 1)], []),
    (DEADLINE, partial_without_factors, [(2, 0, HELD, Reason.COVERAGE, 1)], []),
    (DEADLINE, attempts_exhausted, [(2, 0, HELD, Reason.CRASH, 1), (3, 0, FRESH, NONE, 0)], []),
    (DEADLINE, attempts_exhausted_late, [(2, 0, HELD, Reason.TIMEOUT, 1), (3, 0, FRESH, NONE, 0)], []),
    (DEADLINE, next_due_ends_waiting, [(2, 0, HELD, Reason.TIMEOUT, 1)], [Reason.TIMEOUT]),
    (DEADLINE, too_old,
     [(2, 0, HELD, Reason.NO_BARS, 1), (3, 0, HELD, Reason.NO_BARS, 2), (4, 0, VOID, Reason.MAX_AGE, 3)], []),
    (WAIT, on_time, [(2, 0, FRESH, NONE, 0)], []),
    (WAIT, late_answer, [(2, 0, FRESH, NONE, 0)], []),
    (WAIT, revived_in_time, [(2, 0, FRESH, NONE, 0)], []),
    (WAIT, executor_ready_late, [(2, 0, FRESH, NONE, 0)], []),
    (WAIT, partial, [(2, 0, HELD, Reason.COVERAGE, 1)], []),
    (WAIT, missed, [(2, 0, HELD, Reason.GAP, 1)], []),
    (WAIT, attempts_exhausted, [(2, 0, HELD, Reason.CRASH, 1), (3, 0, FRESH, NONE, 0)], []),
    (WAIT, hung_thrice, [(2, 0, HELD, Reason.TIMEOUT, 1)], [Reason.TIMEOUT] * 3),
    (WAIT, nonsense_thrice, [(2, 0, HELD, Reason.INVALID, 1)], [Reason.INVALID] * 3),
    (WAIT, waits_for_factors, [], []),
    (WAIT, waits_in_order, [], []),
    (WAIT, waits_then_goes_on, [(2, 0, FRESH, NONE, 0), (3, 0, HELD, Reason.COVERAGE, 1)], []),
    (WAIT, partial_without_factors, [], []),
]  # fmt: skip

ELSEWHERE = {Reason.NOTHING_YET}  # shown below: it needs an arm that has said nothing yet


@pytest.mark.parametrize(("rules", "play", "expected", "replaced"), CASES)
def test_scene(rules: Rules, play: Play, expected: list[Said], replaced: list[Reason]) -> None:
    """The status, reason, age and revision of everything that is said after bar 1, and who is killed for what."""
    scene = started(rules)
    play(scene)
    assert scene.told[1:] == expected
    assert scene.replaced == replaced


def test_every_reason_and_status_is_shown() -> None:
    """A new reason, or status, without a scene fails here."""
    shown = [told for _, _, expected, _ in CASES for told in expected]
    assert {told[3] for told in shown} | ELSEWHERE == set(Reason) - OF_GUARDS - {Reason.WAIT}  # that is the client's
    assert {told[2] for told in shown} == set(Status) - {Status.DEFAULT}


@pytest.mark.parametrize(("play", "expected"), [(play, told) for rules, play, told, _ in CASES if rules is DEADLINE])
def test_a_held_section_repeats_the_one_before(play: Play, expected: list[Said]) -> None:
    """Values, flags, universe, origin and model of a held section are those last computed, untouched."""
    scene = started(DEADLINE)
    play(scene)
    last = scene.published[0]
    for signals in scene.published[1:]:
        if signals.status is HELD:
            assert content(signals) == content(last)
            assert signals.latency == {}
        elif signals.status is not VOID:
            last = signals
    assert len(scene.published) == len(expected) + 1


@pytest.mark.parametrize("filled", [True, False])
def test_nothing_to_hold_yet(filled: bool) -> None:  # noqa: FBT001  a table of two
    """Before the first answer there is no value: of everybody when factors name who that is, else of nobody."""
    scene = Scene(DEADLINE)
    scene.announce(1)
    if filled:
        scene.fill(1)
    scene.at(100)
    assert scene.told == [(1, 0, VOID, Reason.NOTHING_YET, 0)]
    (signals,) = scene.published
    assert flags(signals) == [Flag.GATED] * (3 if filled else 0)
    assert np.isnan(signals.values).all()
    assert signals.computed_from is None


def test_void_names_what_is_too_old() -> None:
    """A section whose predecessor is too old has no value, and says of when the last one was."""
    scene = started(DEADLINE)
    too_old(scene)
    assert scene.published[-1].computed_from == scene.published[0].computed_from
    assert np.isnan(scene.published[-1].values).all()


def test_fresh_again_after_trouble() -> None:
    """Whatever happened before, the next section with factors and an executor is fresh."""
    for play in (given_up, crash_near_deadline, nonsense_near_deadline, no_bars, missed, too_old):
        scene = started(DEADLINE)
        play(scene)
        bar = max(scene.sections)
        scene.at(10_000)
        scene.crash()
        scene.ready()
        scene.announce(bar + 1)
        scene.score(bar + 1)
        assert scene.told[-1] == (bar + 1, 0, FRESH, NONE, 0)


def test_one_section_at_a_time() -> None:
    """The next section is handed over only when the one before it is answered."""
    scene = started(WAIT)
    scene.fill(2)
    scene.fill(3)
    assert [submit.factors.bar for submit in scene.submitted] == [1, 2]
    scene.answer()
    assert [submit.factors.bar for submit in scene.submitted] == [1, 2, 3]


def test_attempts_are_counted() -> None:
    """The executor is told which attempt at a section it is."""
    scene = started(WAIT)
    scene.fill(2)
    scene.crash()
    scene.ready()
    assert [submit.attempt for submit in scene.submitted] == [1, 1, 2]


def test_what_was_published_is_not_owed_again() -> None:
    """A section that is announced again after it was published gets no second signal."""
    scene = started(DEADLINE)
    scene.arm.add(scene.sections[2])
    scene.score(2)
    scene.arm.add(scene.sections[2])
    scene.step()
    assert [told[0] for told in scene.told] == [1, 2]
    assert scene.arm.last_bar == 2


def test_another_journal_is_another_world() -> None:
    """Nothing is owed, held or counted of the old one; what its section's executor answers is dropped."""
    scene = started(WAIT)
    scene.fill(2)
    scene.arm.forget()
    assert scene.arm.done
    scene.answer()
    assert len(scene.published) == 1
    scene.announce(1)
    scene.score(1)
    assert scene.told[-1] == (1, 0, FRESH, NONE, 0)


@pytest.mark.parametrize(
    ("rules", "play", "wake"),
    [
        (DEADLINE, lambda _: None, 1100),
        (DEADLINE, on_time, 2100),
        (DEADLINE, lambda scene: scene.at(1100), 1400),
        (DEADLINE, given_up, 2100),
        (WAIT, lambda _: None, None),
        (WAIT, lambda scene: scene.fill(2), 2000),
    ],
)
def test_when_it_wants_to_be_woken(rules: Rules, play: Play, wake: int | None) -> None:
    """At the deadline, at the end of patience with a late or a hung child, or not at all."""
    scene = started(rules)
    play(scene)
    assert scene.arm.wake_ns() == wake


def test_latency_of_a_computed_section() -> None:
    """Stages as they came with the factors, the wait for the executor, its own, and their sum; held ones have none."""
    scene = started(DEADLINE)
    scene.fill(2)
    scene.at(1030)
    scene.answer()
    assert scene.published[-1].latency == {"factors": 7, "queue": 0, "inference": 30, "total": 37}
