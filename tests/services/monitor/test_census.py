"""What the monitor knows of the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alphabus.messages import Heartbeat, Signals
from alphabus.testing import signals
from services.monitor.census import QUANTILES, REMEMBERED, Census


def beat(service: str = "bar_feed", **counters: int) -> Heartbeat:
    """A sign of life."""
    return Heartbeat(service, 1, bytes(16), 0, 0, {}, counters)


def timed(**latency: int) -> Signals:
    """A section with these latencies."""
    return replace(signals(1, {"A": 1.0}), latency=latency)


def test_counters_add_up_over_restarts() -> None:
    """A higher epoch goes on from what the lives before had counted; figures say how often it restarted."""
    census = Census(stale_ns=10)
    for epoch, sections in ((1, 3), (1, 5), (2, 1), (4, 2)):
        census.hear(beat(sections=sections), epoch, 0)
    assert census.figures() == {"bar_feed.sections": 8, "bar_feed.restarts": 2}


def test_a_zombie_is_not_heard() -> None:
    """What a lower epoch says counts nothing, and is no sign of life."""
    census = Census(stale_ns=10)
    census.hear(beat(sections=3), 2, 0)
    census.hear(beat(sections=99), 1, 8)
    assert census.figures()["bar_feed.sections"] == 3
    assert census.turned(11)[0] == ["bar_feed"]


def test_silence_is_told_once() -> None:
    """And again only after it spoke in between."""
    census = Census(stale_ns=10)
    for name in ("signal_cache", "bar_feed"):
        census.hear(beat(name), 1, 0)
    assert [census.turned(now)[0] for now in (10, 11, 12)] == [[], ["bar_feed", "signal_cache"], []]
    census.hear(beat("bar_feed"), 1, 13)
    assert [census.turned(now)[0] for now in (14, 24, 25)] == [[], ["bar_feed"], []]


def test_who_speaks_again_is_told_once() -> None:
    """An alarm that never ends is believed no more."""
    census = Census(stale_ns=10)
    census.hear(beat(), 1, 0)
    assert census.turned(11) == (["bar_feed"], [])
    census.hear(beat(), 1, 12)
    assert [census.turned(now) for now in (12, 13)] == [([], ["bar_feed"]), ([], [])]


@pytest.mark.parametrize(("count", "expected"), [(1, (1, 1, 1)), (100, (51, 100, 100)), (1000, (501, 991, 1000))])
def test_quantiles_are_values_that_occurred(count: int, expected: tuple[int, ...]) -> None:
    """The next higher one, so that no latency looks shorter than any that was measured."""
    census = Census(stale_ns=10)
    for spent in range(1, count + 1):
        census.measure(timed(factors=spent))
    assert census.figures() == {
        f"latency.factors.{label}": value for label, value in zip(QUANTILES, expected, strict=True)
    }


def test_memory_stays_flat() -> None:
    """Only the newest sections are in the quantiles."""
    census = Census(stale_ns=10)
    for _ in range(REMEMBERED):
        census.measure(timed(factors=9))
    for _ in range(REMEMBERED):
        census.measure(timed(factors=1))
    assert census.figures()["latency.factors.max"] == 1
