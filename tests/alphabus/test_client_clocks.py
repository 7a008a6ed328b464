"""The client's clocks: a wall clock that steps changes nothing, a machine that slept is stale until it has heard."""

from __future__ import annotations

import pytest

from alphabus.clock import ManualClock
from alphabus.messages import Phase
from alphabus.testing import announcement, day_ns, signals_script
from alphabus.testing.fixtures import MakeFeed, manual_clock, memory_bus, scripted_feed

__all__ = ["manual_clock", "memory_bus", "scripted_feed"]

SECOND_NS = 1_000_000_000
HOUR_NS = 3600 * SECOND_NS
DAYS = [{"A": float(bar)} for bar in range(1, 9)]


def test_a_link_that_nobody_answered_is_not_current(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """Whoever just connected does not know yet what it lacks; where nobody is, it never will."""
    feed = scripted_feed(signals_script(DAYS[:2]))
    feed.stop("bar_feed")
    feed.stop("inference_worker")
    feed.stop("signal_cache")
    with feed.client() as client:
        assert client.link == "gap"
        client.receive(0)
        assert client.link == "gap"
        manual_clock.advance(4 * SECOND_NS)
        assert client.link == "stale"


@pytest.mark.parametrize("step", [HOUR_NS, -HOUR_NS])
def test_a_wall_clock_that_steps_changes_nothing(step: int, scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """Neither link nor deadline nor wait hang on it."""
    feed = scripted_feed(signals_script(DAYS[:2]))
    feed.play(9)
    feed.publish(announcement(3, Phase.DUE, due_in_ns=10 * SECOND_NS))
    with feed.client() as client:
        assert client.receive(SECOND_NS) is not None
        feed.beat()
        client.receive(SECOND_NS)
        manual_clock.step_wall(step)
        assert client.link == "current"
        before = manual_clock.monotonic_ns()
        section = client.get_signal(day_ns(3), wait=2 * SECOND_NS)
        assert section is not None
        assert (section.signals.reason, section.signals.age) == ("wait", 1)
        assert manual_clock.monotonic_ns() - before < 3 * SECOND_NS
        assert not client.overdue


def test_a_machine_that_slept_is_stale_until_it_has_heard(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """No deadline passed while everybody slept; but what was heard before is old."""
    feed = scripted_feed(signals_script(DAYS[:2]))
    feed.play(9)
    feed.publish(announcement(3, Phase.DUE, due_in_ns=10 * SECOND_NS))
    with feed.client() as client:
        assert client.receive(SECOND_NS) is not None
        feed.beat()
        client.receive(SECOND_NS)
        assert client.link == "current"
        manual_clock.suspend(60 * SECOND_NS)
        assert (client.link, client.overdue) == ("stale", False)
        feed.beat()
        client.receive(0)
        assert client.link == "gap"
        client.receive(SECOND_NS)
        assert client.link == "current"


def test_nothing_is_applied_after_a_sleep_before_the_record_was_asked(
    scripted_feed: MakeFeed, manual_clock: ManualClock
) -> None:
    """What the link lost in the sleep comes from the record, in order, before what came since."""
    script = signals_script(DAYS)
    feed = scripted_feed(script[:3])
    feed.play(3)
    with feed.client() as client:
        found = [client.receive(SECOND_NS)]
        manual_clock.suspend(60 * SECOND_NS)
        for line in script[3:]:
            feed.publish(line)
        assert client.receive(0) is None
        while (section := client.receive(SECOND_NS)) is not None:
            found.append(section)
    assert [section.signals.bar for section in found if section] == [2, 3, 4, 5, 6, 7, 8]


def test_deadlines_do_not_count_a_sleep(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """A section that was due before everybody slept is overdue by the time that was awake."""
    feed = scripted_feed([])
    with feed.client() as client:
        feed.publish(announcement(1, Phase.DUE))
        client.receive(0)
        manual_clock.suspend(HOUR_NS)
        assert not client.overdue
        manual_clock.advance(2 * SECOND_NS)
        assert client.overdue


def test_a_feed_that_fell_silent_makes_the_client_stale(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """The worker lives, and nothing is overdue: but without the feed nobody knows what is due."""
    feed = scripted_feed(signals_script(DAYS[:2]))
    feed.play(9)
    with feed.client() as client:
        assert client.receive(SECOND_NS) is not None
        feed.stop("bar_feed")
        for _ in range(4):
            manual_clock.advance(SECOND_NS)
            feed.beat()
            client.receive(0)
        assert (client.link, client.overdue) == ("stale", False)
        feed.restart("bar_feed")
        feed.beat()
        client.receive(SECOND_NS)
        assert client.link == "current"
