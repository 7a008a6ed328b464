"""A client far behind while the worker goes on: it hears the worker, keeps little, and gets each section once."""

from __future__ import annotations

import pytest

from alphabus import waiting
from alphabus.errors import RequestError
from alphabus.testing.fixtures import MakeFeed, manual_clock, memory_bus, scripted_feed
from tests.alphabus.test_lost_last import Trader, section, trader

__all__ = ["MakeFeed", "manual_clock", "memory_bus", "scripted_feed", "trader"]

MOST = 16


def say_much(trader: Trader, first: int, count: int) -> None:
    """Sections, one by one, while nobody takes what came; never is much kept."""
    for bar in range(first, first + count):
        trader.say(section(bar))
        trader.feed.serve()
        trader.client._stream.receive()
        assert len(trader.client._stream._joint.waiting) <= MOST


@pytest.mark.parametrize("bound", ["messages", "bytes"])
def test_nothing_is_lost_and_nothing_comes_twice(trader: Trader, monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    """More follows live than may be kept, again and again, while the record is read."""
    monkeypatch.setattr(waiting, *(("MAX_HELD", MOST) if bound == "messages" else ("MAX_HELD_BYTES", 9 * MOST)))
    trader.feed.stop("signal_cache")
    trader.say_and_die(*(section(bar) for bar in range(3, 300)))
    say_much(trader, 300, 100)
    assert trader.client._stream._dropped
    trader.feed.restart("signal_cache")
    trader.go_on(4)
    say_much(trader, 400, 100)
    trader.go_on()
    assert trader.places == [(bar, 0) for bar in range(1, 500)]
    assert trader.client.link == "current"


def test_the_worker_is_heard_all_the_time(trader: Trader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind, not stale: its heartbeats are heard, and that signals wait is said every five seconds."""
    monkeypatch.setattr(waiting, "MAX_HELD", MOST)
    trader.feed.stop("signal_cache")
    trader.say_and_die(section(3))
    say_much(trader, 4, 100)
    for _ in range(3):
        with pytest.raises(RequestError, match="did not answer 'history'"):
            trader.go_on(200)
        assert trader.client.link == "gap"
    trader.feed.restart("signal_cache")
    trader.go_on()
    assert trader.places == [(bar, 0) for bar in range(1, 104)]
