"""What is due, and what was met: a section that came is not awaited again, whoever tells of it late."""

from __future__ import annotations

import pytest

from alphabus.agenda import FEED, REMEMBERED, Agenda, DueWatch
from alphabus.messages import Announcement, EndOfStream, Heartbeat, Mode, Phase
from alphabus.outlet import Outlet
from alphabus.testing import ManualClock, memory_bus

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


def test_what_closed_before_the_end_is_still_awaited(watch: DueWatch, clock: ManualClock) -> None:
    """The feed is done, and the worker may have died before the last signals."""
    watch.hear(due(5))
    watch.hear(EndOfStream(JOURNAL, 5, Mode.LIVE))
    assert is_overdue(watch, clock)
    watch.met(JOURNAL, 5)
    assert not watch.overdue


@pytest.mark.parametrize("end", [EndOfStream(JOURNAL, 4, Mode.LIVE), EndOfStream(OTHER, 9, Mode.LIVE)])
def test_nothing_comes_after_the_end(watch: DueWatch, clock: ManualClock, end: EndOfStream) -> None:
    """Nor of a numbering that another one has replaced: what was announced of it will never be."""
    watch.hear(due(5))
    watch.hear(end)
    assert not is_overdue(watch, clock)


def test_a_foreign_numbering_that_ends_takes_nothing_back(watch: DueWatch, clock: ManualClock) -> None:
    """The signals' word of an end comes late: the feed may have begun anew since."""
    watch.hear(due(5))
    watch.end(EndOfStream(OTHER, 4, Mode.LIVE))
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


def test_a_sign_of_life_of_a_new_numbering_forgets_what_was_due(watch: DueWatch, clock: ManualClock) -> None:
    """Its announcements may all be lost; one of the same numbering takes nothing back."""
    watch.hear(due(5))
    watch.hear(Heartbeat(FEED, 1, JOURNAL, 5, 5, {}, {}))
    assert is_overdue(watch, clock)
    watch.hear(Heartbeat(FEED, 1, OTHER, 1, 1, {}, {}))
    assert not is_overdue(watch, clock)


@pytest.mark.parametrize(("late", "awaited"), [(1, False), (3, True)])
def test_an_earlier_feed_is_not_heard_any_more(late: int, awaited: bool, clock: ManualClock) -> None:  # noqa: FBT001  a table
    """What its process sent before it died may come after the next one's: nobody is going to meet that."""
    bus = memory_bus(clock=clock)
    agenda = Agenda(bus, "reader", GRACE_NS)
    topic = bus.endpoints.topic("announcements")
    for epoch, bar in ((2, 4), (late, 5)):
        outlet = Outlet(bus, FEED, epoch)
        outlet.publish(topic, due(bar))
        agenda.receive()
        agenda.met(JOURNAL, 4)
        outlet.close()
    clock.advance(2 * GRACE_NS)
    assert agenda.overdue is awaited
    agenda.close()


def test_many_numberings_are_not_remembered_for_ever(watch: DueWatch) -> None:
    """The last ones are."""
    for number in range(2 * REMEMBERED):
        watch.met(bytes([number]) * 16, 1)
    assert len(watch._met) == REMEMBERED
    assert bytes([2 * REMEMBERED - 1]) * 16 in watch._met
