"""A scripted feed lets an engine be tested against signals, with the real client and without a process."""

from __future__ import annotations

from math import nan

import pytest

from alphabus.bus import Bus
from alphabus.clock import ManualClock
from alphabus.errors import RequestError
from alphabus.messages import Phase, Reason, Status
from alphabus.testing import Line, ScriptedFeed, announcement, signals, signals_script
from alphabus.testing.fixtures import MakeFeed, manual_clock, memory_bus, scripted_feed

__all__ = ["manual_clock", "memory_bus", "scripted_feed"]

DAYS = [{"A": 1.0, "B": nan}, {"A": 2.0, "B": 3.0}, {"A": 4.0, "C": 5.0}]


def test_a_client_iterates_over_the_script(scripted_feed: MakeFeed) -> None:
    """Every section comes, with the symbols that have a value, until the stream ends."""
    with scripted_feed(signals_script(DAYS, end=True)).client() as client:
        found = [section.by_symbol() for section in client]
    assert found == [{"A": 1.0}, {"A": 2.0, "B": 3.0}, {"A": 4.0, "C": 5.0}]


def test_a_late_client_starts_with_the_latest(scripted_feed: MakeFeed) -> None:
    """The cache tells what was there, the worker what follows, none twice."""
    feed = scripted_feed(signals_script(DAYS, end=True))
    feed.play(3)  # a universe and two sections
    with feed.client() as client:
        assert [section.signals.bar for section in client] == [2, 3]


def test_history_is_answered_from_what_was_played(scripted_feed: MakeFeed) -> None:
    """Any span of bars, with its symbols."""
    feed = scripted_feed(signals_script(DAYS))
    feed.play(99)
    with feed.client() as client:
        assert [section.symbols for section in client.history(2, 3)] == [("A", "B"), ("A", "C")]
        latest = client.latest()
    assert latest is not None
    assert latest.signals.bar == 3


def test_a_held_section_says_so(scripted_feed: MakeFeed) -> None:
    """A script can hold any status the wire knows."""
    feed = scripted_feed(signals_script(DAYS[:1]))
    feed.play(99)
    feed.publish(Line("signals/champion", signals(2, DAYS[0], status=Status.HELD, reason=Reason.TIMEOUT, age=1)))
    with feed.client() as client:
        section = client.latest()
    assert section is not None
    origin = section.signals.computed_from
    assert (section.signals.status, section.signals.age, origin and origin.bar) == (Status.HELD, 1, 1)


def test_an_announced_section_that_does_not_come_is_overdue(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """The client says so on the test's clock."""
    feed = scripted_feed([])
    with feed.client() as client:
        assert client.receive(3_000_000_000) is None
        feed.publish(announcement(1, Phase.DUE, due_in_ns=1_000_000_000))
        client.receive(0)
        assert not client.overdue
        manual_clock.advance(5_000_000_000)
        assert client.overdue


def test_a_restarted_worker_loses_nothing(scripted_feed: MakeFeed) -> None:
    """Before and after, each section once."""
    feed = scripted_feed(signals_script(DAYS, end=True))
    with feed.client() as client:
        first = client.receive(10_000_000_000)
        assert first is not None
        feed.restart()
        rest = [section.signals.bar for section in client]
    assert [first.signals.bar, *rest] == [1, 2, 3]


def test_signals_flow_without_a_cache(scripted_feed: MakeFeed) -> None:
    """A cache that is away costs its answers and nothing else."""
    feed = scripted_feed(signals_script(DAYS, end=True))
    feed.stop("signal_cache")
    with feed.client() as client:
        assert [section.signals.bar for section in client] == [1, 2, 3]
        with pytest.raises(RequestError, match="did not answer"):
            client.latest()


def test_two_feeds_on_two_buses_do_not_meet(memory_bus: Bus, manual_clock: ManualClock) -> None:
    """Nothing is shared between tests."""
    from alphabus.testing import memory_bus as another  # noqa: PLC0415  the fixture has its name

    feed = ScriptedFeed(memory_bus, manual_clock, signals_script(DAYS))
    other = ScriptedFeed(another(clock=manual_clock), manual_clock)
    feed.play(99)
    with other.client() as client:
        assert client.receive(3_000_000_000) is None
    feed.close()
    other.close()
