"""Models that are unfit one after the other, and after a restart: who relieves them, and that it comes to an end."""

from __future__ import annotations

import pytest

from alphabus.messages import Reason
from tests.services.inference_worker.desk import Desk
from tests.services.inference_worker.test_station import POLICIES, deeds, desk, heard, sections, unfit_start, until


@pytest.mark.parametrize("versions", [(2, 1, 2), (2, 3), (2, 3, 4, 1, 2)])
def test_where_nothing_is_fit_each_is_brought_in_once(versions: tuple[int, ...]) -> None:
    """Nothing ever served, and all of it fails at work: the last of them is tried on, until a person's next word."""
    it = Desk(waits=False)
    it.moods |= dict.fromkeys(it.moods, "slow")
    for version in versions:
        it.promote(version)
    it.restart()
    sections(it, 60)
    swaps = [version for deed, version in deeds(it) if deed == "swap"]
    assert len(swaps) == len(set(swaps))
    assert versions[-1] not in swaps
    assert swaps
    it.moods[it.serving] = "answer"
    it.command("close")
    sections(it, 3)
    assert it.said[-1].reason is Reason.NONE
    it.close()


def test_a_new_word_forgets_who_was_unfit() -> None:
    """What was promoted again may be relieved by what was unfit before it."""
    it = Desk(waits=False)
    it.moods |= dict.fromkeys(it.moods, "slow")
    it.promote(2)
    it.restart()
    sections(it, 20)
    assert it.serving == 1
    it.promote(2)
    it.settle(20)
    assert it.serving == 2
    it.moods[1] = "answer"
    sections(it, 20)
    assert (it.serving, it.said[-1].reason) == (1, Reason.NONE)
    it.close()


@POLICIES
def test_what_spoke_once_and_is_unfit_after_a_restart_is_relieved(*, waits: bool) -> None:
    """By what served before it: the newest row of who served names the unfit model itself."""
    with desk(waits=waits) as it:
        it.promote(2)
        it.settle(20)
        sections(it, 1)
        assert it.said[-1].model.version == 2
        it.moods[2] = "never_loads"
        it.restart()
        assert it.serving == 2
        sections(it, 4)
        assert (it.serving, it.said[-1].model.version, it.said[-1].reason) == (1, 1, Reason.NONE)


def test_what_was_refused_before_an_unfit_relief_is_refused_still() -> None:
    """The newest row of a refusal names the relief: a restart knows all of them since the alias moved."""
    it = Desk(waits=False)
    it.promote(2)
    it.promote(3)
    it.moods |= {2: "slow", 3: "slow"}
    it.restart()
    sections(it, 30)
    assert it.serving == 1
    it.restart()
    assert it.serving == 1
    assert heard(it, "alias_refused")
    it.close()


def test_a_closed_market_is_no_candidates_fault() -> None:
    """Under a deadline sections do not wait for it, however unfit what serves is: they count."""
    with unfit_start(waits=False, relief="hang") as it:
        until(it, lambda: bool(heard(it, "model_unfit")))
        it.engine_is_up = False
        it.promote(4)
        it.settle(100)
        assert ("swap_failed", 4) not in deeds(it)
        it.engine_is_up = True
        sections(it, 3)
        assert (it.serving, it.said[-1].reason) == (4, Reason.NONE)


def test_under_wait_nothing_owed_is_a_closed_market() -> None:
    """An arm that is halted says so at once, though what serves is unfit: no section waits for the candidate."""
    with desk(waits=True) as it:
        it.promote(2)
        it.moods[2] = "never_loads"
        it.lacks = ("other",)
        it.restart()
        it.promote(4)
        it.command("halt")
        it.announce()
        it.settle(100)
        assert it.station.arm.unfit
        assert ("swap_failed", 4) not in deeds(it)
        it.lacks = ()
        it.command("resume")
        sections(it, 2)
        assert (it.serving, it.said[-1].reason) == (4, Reason.NONE)
