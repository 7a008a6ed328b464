"""What is due, and what was met: a section that came is not awaited again, whoever tells of it late."""

from __future__ import annotations

import pytest

from alphabus.agenda import REMEMBERED, DueWatch
from alphabus.messages import Announcement, Mode, Phase
from alphabus.testing import ManualClock

GRACE_NS = 1_000_000_000
JOURNAL, OTHER = b"j" * 16, b"o" * 16


def due(bar: int) -> Announcement:
    """This section is due now."""
    return Announcement(JOURNAL, bar, Mode.LIVE, bar, bar, Phase.DUE, 1)


@pytest.fixture
def clock() -> ManualClock:
    """By hand."""
    return ManualClock()


@pytest.fixture
def watch(clock: ManualClock) -> DueWatch:
    """Nothing announced yet."""
    return DueWatch(clock, GRACE_NS)


def is_overdue(watch: DueWatch, clock: ManualClock) -> bool:
    """Once all patience has passed."""
    clock.advance(2 * GRACE_NS)
    return watch.overdue


@pytest.mark.parametrize("met", [5, 7])
def test_a_section_that_is_there_is_not_awaited_again(watch: DueWatch, clock: ManualClock, met: int) -> None:
    """The feed was asked what is due, and tells of one whose signal has come, or of one before it."""
    watch.hear(due(5))
    watch.met(JOURNAL, met)
    watch.hear(due(5))
    assert not is_overdue(watch, clock)


def test_a_signal_may_come_before_its_announcement(watch: DueWatch, clock: ManualClock) -> None:
    """Also the first of a journal: the links are not as fast as each other."""
    watch.met(JOURNAL, 5)
    watch.hear(due(5))
    assert not is_overdue(watch, clock)
    watch.hear(due(6))
    assert is_overdue(watch, clock)


def test_an_older_signal_takes_nothing_back(watch: DueWatch, clock: ManualClock) -> None:
    """Such as one that was looked up."""
    watch.met(JOURNAL, 5)
    watch.met(JOURNAL, 2)
    watch.hear(due(5))
    assert not is_overdue(watch, clock)


def test_a_signal_of_another_numbering_meets_nothing(watch: DueWatch, clock: ManualClock) -> None:
    """However high its number is."""
    watch.met(OTHER, 500)
    watch.hear(due(1))
    watch.met(OTHER, 501)
    assert is_overdue(watch, clock)


def test_many_numberings_are_not_remembered_for_ever(watch: DueWatch) -> None:
    """The last ones are."""
    for number in range(2 * REMEMBERED):
        watch.met(bytes([number]) * 16, 1)
    assert len(watch._met) == REMEMBERED
    assert bytes([2 * REMEMBERED - 1]) * 16 in watch._met
