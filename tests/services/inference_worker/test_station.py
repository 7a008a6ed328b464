"""Who serves an arm, in single scenes: relief that fails, wishes that come twice, candidates that wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from alphabus.messages import Reason
from services.inference_worker.breaker import State
from services.inference_worker.station import LOADS
from tests.services.inference_worker.desk import Desk

POLICIES = pytest.mark.parametrize("waits", [True, False])


@contextmanager
def desk(*, waits: bool = False) -> Iterator[Desk]:
    """Version 1 serves and has spoken of bar 1."""
    it = Desk(waits=waits)
    try:
        sections(it, 1)
        assert it.said[-1].model.version == 1
        yield it
    finally:
        it.close()


def sections(it: Desk, count: int) -> None:
    """Some more are due, and time passes."""
    for _ in range(count):
        it.announce()
        it.settle(4)


def until(it: Desk, done: Callable[[], bool]) -> None:
    """Time passes until it has come to that."""
    for _ in range(500):
        if done():
            return
        it.settle(1)
    raise AssertionError("it never came to that")


def deeds(it: Desk) -> list[tuple[str, int]]:
    """What the worker wrote: action and version."""
    rows = [row for row in it.history() if row.by == "inference_worker" and row.action != "start"]
    return [(row.action, row.target[1]) for row in rows if row.target is not None]


def heard(it: Desk, event: str) -> list[str]:
    """What was told of this sort."""
    return [str(told.detail.get("detail", "")) for told in it.told if told.event == event]


def breaker(it: Desk) -> str:
    """Open, closed, or what else it is."""
    return it.station.arm.breaker.state.value


@POLICIES
def test_where_nothing_ever_served_what_the_alias_meant_before_does(*, waits: bool) -> None:
    """A bad model is promoted before the first section is there, and the worker is started anew."""
    it = Desk(waits=waits)
    it.moods[2] = "invalid"
    it.promote(2)
    it.restart()
    assert it.serving == 2
    it.announce()
    until(it, lambda: it.serving == 1)
    sections(it, 2)
    assert (it.said[-1].model.version, it.said[-1].reason) == (1, Reason.NONE)
    it.close()


@contextmanager
def unfit_start(*, waits: bool, relief: str) -> Iterator[Desk]:
    """Version 2 is wanted and crashes at everything; 1, which served, is in this mood."""
    with desk(waits=waits) as it:
        it.promote(2)
        it.moods |= {1: relief, 2: "crash"}
        it.restart()
        assert it.serving == 2
        it.announce()
        yield it


@POLICIES
def test_what_served_before_relieves_a_model_that_only_crashes(*, waits: bool) -> None:
    """Told once, with what it failed at; a restart finds who really serves."""
    with unfit_start(waits=waits, relief="answer") as it:
        until(it, lambda: it.serving == 1)
        sections(it, 2)
        assert it.said[-1].reason is Reason.NONE
        assert deeds(it) == [("swap_failed", 2), ("swap", 1)]
        assert heard(it, "model_unfit") == ["as told"]
        it.restart()
        assert it.serving == 1


@POLICIES
@pytest.mark.parametrize("mood", ["never_loads", "crash", "hang", "invalid"])
def test_relief_that_fails_is_not_tried_again(mood: str, *, waits: bool) -> None:
    """The unfit model is tried on; should it recover, it serves."""
    with unfit_start(waits=waits, relief=mood) as it:
        until(it, lambda: ("swap_failed", 1) in deeds(it) or it.said[-1].model.version == 1)
        sections(it, 2)
        it.moods[2] = "answer"
        it.command("close")
        sections(it, 6)
        assert (it.serving, it.said[-1].reason) == (2, Reason.NONE)
        assert len(heard(it, "model_unfit")) == 1
        assert deeds(it) == [("swap_failed", 2), ("swap_failed", 1)]


@POLICIES
def test_relief_that_fails_gives_way_to_who_served_before_it(*, waits: bool) -> None:
    """Down the line until one can take over; of the unfit one it is told once."""
    with desk(waits=waits) as it:
        it.promote(2)
        until(it, lambda: it.serving == 2)
        sections(it, 2)
        it.promote(3)
        it.moods |= {2: "never_loads", 3: "crash"}
        it.restart()
        it.announce()
        until(it, lambda: it.serving == 1)
        sections(it, 2)
        assert it.said[-1].reason is Reason.NONE
        assert len(heard(it, "model_unfit")) == 1
        assert deeds(it)[-3:] == [("swap_failed", 3), ("swap_failed", 2), ("swap", 1)]


def test_an_unfit_model_that_is_promoted_again_has_its_chance_again() -> None:
    """The person knows why: it begins with all its attempts, and may be relieved once more."""
    with unfit_start(waits=True, relief="hang") as it:
        until(it, lambda: bool(heard(it, "model_unfit")))
        it.moods[2] = "answer"
        it.promote(2)
        it.settle(4)
        assert it.station.succession.coming is None
        assert (it.said[-1].model.version, it.said[-1].reason) == (2, Reason.NONE)


def test_a_wish_for_what_is_on_its_way_changes_nothing() -> None:
    """Its child goes on with what it does."""
    with desk() as it:
        it.moods[2] = "hang"
        it.promote(2)
        it.settle(2)
        coming = it.station.succession.coming
        it.promote(2)
        it.settle(2)
        assert coming is not None
        assert it.station.succession.coming is coming


def test_a_candidate_waits_for_its_time_and_for_three_sections() -> None:
    """While the engine is down; whoever looks at the alerts knows at once."""
    with desk() as it:
        it.engine_is_up = False
        it.promote(4)
        until(it, lambda: len(heard(it, "candidate_waiting")) == 1)
        it.settle(100)
        sections(it, 2)
        assert deeds(it) == []
        sections(it, 1)
        assert deeds(it) == [("swap_failed", 4)]
        assert len(heard(it, "candidate_waiting")) == 1


def test_where_sections_wait_for_the_candidate_they_do_not_count() -> None:
    """An unfit model under `wait`, and a candidate whose factors never come: nobody waits for ever."""
    with unfit_start(waits=True, relief="answer") as it:
        it.lacks = ("other",)
        it.promote(4)
        until(it, lambda: ("swap_failed", 4) in deeds(it))
        assert it.bar == 2


def test_a_start_with_children_that_never_load_is_settled() -> None:
    """Nobody waits for the next one to be started before history is acknowledged."""
    with desk() as it:
        it.promote(2)
        it.moods |= {1: "never_loads", 2: "never_loads"}
        it.restart()
        until(it, lambda: it.station.settled)
        assert it.station.arm.unready >= LOADS or it.serving == 1


def test_a_kept_model_that_dies_as_it_is_called_back_has_another_chance() -> None:
    """However many children it has had: it met with an accident, and was good."""
    with desk() as it:
        for version in (2, 1, 2):
            it.promote(version)
            until(it, lambda version=version: it.serving == version)  # type: ignore[misc]
            sections(it, 1)
        kept = it.station.succession.before
        assert kept is not None
        seat = it.seats[[id(each) for each in it.seats].index(id(kept.seat))]
        seat._starts = 5
        seat.die()
        it.promote(1)
        until(it, lambda: it.serving == 1)
        assert [deed for deed, _ in deeds(it)] == ["swap"] * 4


def test_what_serves_and_hangs_has_another_chance_when_it_is_promoted_again() -> None:
    """It spoke once, and its breaker opened: a new promotion is a row, is told, and has it asked at once."""
    with desk() as it:
        it.moods[1] = "hang"
        while breaker(it) != State.OPEN:
            sections(it, 1)
        it.moods[1] = "answer"
        it.announce()
        it.promote(1)
        it.settle(2)
        assert breaker(it) == State.CLOSED
        assert (it.said[-1].bar, it.said[-1].reason) == (it.bar, Reason.NONE)
        assert [told.detail["breaker"] for told in it.told if told.event == "model_pardoned"] == ["open"]
        assert [row.target for row in it.history("promote")][-1] == ("demo", 1)
        assert it.serving == 1


def test_a_breaker_that_a_person_forced_stays_open() -> None:
    """The promotion is of the model; the person's other word stands."""
    with desk() as it:
        it.command("open")
        it.promote(1)
        sections(it, 1)
        assert breaker(it) == State.FORCED_OPEN


@pytest.mark.parametrize("mood", ["hang", "invalid", "never_loads"])
def test_what_was_refused_has_another_trial_when_it_is_promoted_again(mood: str) -> None:
    """Another row, another candidate; this time it is good."""
    with desk() as it:
        it.moods[2] = mood
        it.promote(2)
        sections(it, 1)
        until(it, lambda: deeds(it) == [("swap_failed", 2)])
        it.moods[2] = "answer"
        it.promote(2)
        until(it, lambda: it.serving == 2)
        assert deeds(it) == [("swap_failed", 2), ("swap", 2)]
        assert [row.target for row in it.history("promote")][-2:] == [("demo", 2)] * 2


def test_relief_whose_factors_have_a_hole_comes_all_the_same() -> None:
    """Nobody else would ever answer the section that is open: it is given up once the candidate's time is over."""
    with desk(waits=True) as it:
        it.promote(4)
        sections(it, 3)
        it.promote(2)
        until(it, lambda: it.serving == 2)
        assert it.said[-1].model.version == 4
        it.moods[2] = "crash"
        it.announce()
        it.lose("other")
        sections(it, 1)
        assert (it.serving, it.has_ready_heir) == (2, True)
        until(it, lambda: it.serving == 4)
        sections(it, 1)
        lost = it.words[-3]
        assert (lost.signals.reason, lost.late_ns >= 2_000_000_000) == (Reason.GAP, True)
        assert [(said.reason, said.model.version) for said in it.said[-2:]] == [(Reason.NONE, 4)] * 2
