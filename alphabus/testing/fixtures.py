"""Fixtures for pytest (`pytest_plugins = ["alphabus.testing.fixtures"]`); only this module needs pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest

from alphabus.bus import Bus
from alphabus.clock import ManualClock
from alphabus.testing.memory import memory_bus as make_memory_bus
from alphabus.testing.scripted import Line, ScriptedFeed

MakeFeed = Callable[[Iterable[Line]], ScriptedFeed]


@pytest.fixture
def manual_clock() -> ManualClock:
    """A clock that stands still until the test advances it."""
    return ManualClock()


@pytest.fixture
def memory_bus(manual_clock: ManualClock) -> Bus:
    """An empty memory bus on the test's clock."""
    return make_memory_bus(clock=manual_clock)


@pytest.fixture
def scripted_feed(memory_bus: Bus, manual_clock: ManualClock) -> Iterator[MakeFeed]:
    """Makes feeds on the test's bus from their scripts, and closes them."""
    feeds: list[ScriptedFeed] = []

    def make(script: Iterable[Line]) -> ScriptedFeed:
        feeds.append(ScriptedFeed(memory_bus, manual_clock, script))
        return feeds[-1]

    yield make
    for feed in feeds:
        feed.close()
