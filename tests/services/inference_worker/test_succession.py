"""One model after another: when the switch comes, whose child stays, and whose is closed."""

from __future__ import annotations

import pytest

from alphabus.messages import Reason
from tests.services.inference_worker.desk import Desk, section_of
from tests.services.inference_worker.test_station import deeds, desk, sections, unfit_start, until


def open_children(it: Desk) -> list[int]:
    """Versions whose children live."""
    return sorted(seat._post.model.version for seat in it.seats if seat.open)


@pytest.mark.parametrize("mood", ["invalid", "hang", "never_loads"])
def test_the_child_of_what_was_refused_is_closed(mood: str) -> None:
    """Nobody would close it later."""
    with desk() as it:
        it.moods[2] = mood
        it.promote(2)
        sections(it, 1)
        until(it, lambda: ("swap_failed", 2) in deeds(it))
        assert open_children(it) == [1]


def test_an_unfit_model_is_not_kept() -> None:
    """What relieves it is the only one there."""
    with unfit_start(waits=False, relief="answer") as it:
        until(it, lambda: it.serving == 1)
        assert (it.station.succession.before, open_children(it)) == (None, [1])


@pytest.mark.parametrize("waits", [True, False])
def test_what_took_over_has_not_spoken_yet(*, waits: bool) -> None:
    """The model before it has; the new one passes its rehearsal, and crashes at all that follows."""
    with desk(waits=waits) as it:
        it.promote(2)
        until(it, lambda: it.serving == 2)
        it.moods[2] = "crash"
        sections(it, 3)
        assert (it.serving, it.said[-1].model.version, it.said[-1].reason) == (1, 1, Reason.NONE)


def test_between_two_bars() -> None:
    """Whatever is with the model that serves is awaited as long as it would be, however soon the next one is ready."""
    with desk(waits=True) as it:
        it.moods[1] = "hang"
        it.announce()
        it.turn()
        it.promote(2)
        it.settle(3)
        assert (it.has_ready_heir, it.serving) == (True, 1)
        it.settle(20)
        assert (it.serving, it.said[-1].bar, it.said[-1].model.version) == (2, 2, 2)


def test_no_section_is_passed_over() -> None:
    """Factors of the candidate's plan are missing for a section that is open: what serves says that one."""
    with desk(waits=True) as it:
        it.promote(4)
        it.settle(4)
        it.announce()
        it.turn()
        it.engine_is_up = False
        it.announce()
        coming = it.station.succession.coming
        assert coming is not None
        it._board.fill(section_of(coming.crew.plan, it.bar + 1), it.clock.monotonic_ns())
        it.settle(4)
        assert it.has_ready_heir
        it.engine_is_up, it.lacks = True, ("other",)
        it.settle(4)
        assert [(said.bar, said.model.version, said.reason) for said in it.said[-2:]] == [
            (2, 1, Reason.NONE),
            (3, 1, Reason.NONE),
        ]
        it.lacks = ()
        sections(it, 2)
        assert (it.serving, it.said[-1].reason) == (4, Reason.NONE)
