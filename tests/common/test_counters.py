"""Counters of a process."""

from __future__ import annotations

from common.counters import Counters


def test_counts_and_stated_figures() -> None:
    """What is added adds up, what is set stands; a snapshot is not touched by what comes after."""
    counters = Counters()
    counters.add("sections")
    counters.add("sections", 2)
    counters.set("ended", 1)
    snapshot = counters.snapshot()
    counters.add("sections")
    assert snapshot == {"sections": 3, "ended": 1}
