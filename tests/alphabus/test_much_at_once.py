"""Much at once: a client whose cache is slow or dies, that takes slowly, or whose stream outruns its questions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alphabus import waiting
from alphabus.errors import RequestError
from alphabus.testing.fixtures import manual_clock, memory_bus, scripted_feed
from tests.alphabus.test_lost_last import Trader, section, trader

__all__ = ["manual_clock", "memory_bus", "scripted_feed", "trader"]

MOST = 64
TURN_NS = 10_000_000


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader keeps little, so that it takes little to be much."""
    monkeypatch.setattr(waiting, "MAX_HELD", MOST)


def only_the_worker_has(trader: Trader, first: int, last: int) -> None:
    """These bars are not on record yet, and the client has to ask for them."""
    for bar in range(first, last + 1):
        trader.say(section(bar))
    del trader.feed._played[3:]
    trader.feed.restart(epoch=2)


def turns(trader: Trader, count: int, *, cache: Callable[[int], bool] = lambda _: True) -> int:
    """So many, in some of which the cache answers; everything is taken. How often it was said that signals wait."""
    errors = 0
    for turn in range(count):
        trader.clock.advance(TURN_NS)
        trader.feed.beat()
        for name, outlet in trader.feed.outlets.items():
            if name != "signal_cache" or cache(turn):
                outlet.serve(trader.feed._record, trader.feed._answer)
        try:
            while (found := trader.client.receive(0)) is not None:
                trader.places.append((found.signals.bar, found.signals.revision))
        except RequestError:
            errors += 1
    return errors


@pytest.mark.parametrize("every", [1, 4, 12])
def test_a_slow_cache_that_has_nothing_more_keeps_nobody(trader: Trader, every: int) -> None:
    """Each look at the record proves what waited before it: nothing is asked for again for ever."""
    only_the_worker_has(trader, 3, 1000)
    turns(trader, 100 * every, cache=lambda turn: turn % every == 0)
    assert trader.places == [(bar, 0) for bar in range(1, 1001)]
    assert trader.client.link == "current"


def test_signals_flow_when_the_cache_dies_behind_much(trader: Trader) -> None:
    """Nothing is missing, since the worker has it all: once the cache is known to be away it is delivered."""
    only_the_worker_has(trader, 3, 1000)
    turns(trader, 5, cache=lambda _: False)
    trader.feed.stop("signal_cache")
    turns(trader, 400)
    for bar in range(1001, 1101):
        trader.say(section(bar))
        turns(trader, 1)
    turns(trader, 400)
    assert trader.places == [(bar, 0) for bar in range(1, 1101)]


def test_behind_a_hole_and_without_a_cache_little_is_kept(trader: Trader) -> None:
    """What certainly is missing is waited for, loudly; what follows is dropped, and asked for again afterwards."""
    trader.feed.stop("signal_cache")
    trader.say_and_die(section(3))
    for bar in range(4, 500):
        trader.say(section(bar))
        trader.feed.serve()
    assert turns(trader, 2000) >= 3
    assert trader.places == [(1, 0), (2, 0)]
    assert len(trader.client._stream._joint.waiting) <= MOST + 256
    trader.feed.restart("signal_cache")
    turns(trader, 400)
    assert trader.places == [(bar, 0) for bar in range(1, 500)]


def test_who_takes_slowly_keeps_little(trader: Trader) -> None:
    """What was not taken is dropped beyond a bound, and asked for again: each comes once, in order."""
    most = 0
    for bar in range(3, 2000):
        trader.say(section(bar))
        if bar % 10 == 0:
            trader.clock.advance(TURN_NS)
            trader.feed.serve()
            if (found := trader.client.receive(0)) is not None:
                trader.places.append((found.signals.bar, found.signals.revision))
        joint = trader.client._stream._joint
        most = max(most, len(joint.waiting) + len(joint.delivered._ready))
    assert most <= 2 * (MOST + 256)
    turns(trader, 400)
    assert trader.places == [(bar, 0) for bar in range(1, 2000)]
    assert trader.client.link == "current"


def test_a_stream_that_is_faster_than_a_question_comes_live(trader: Trader) -> None:
    """One section more between each question and its answer: the record is left where it meets what is live."""
    trader.feed.restart(epoch=2)
    links = list[str]()
    for bar in range(3, 300):
        trader.clock.advance(TURN_NS)
        trader.say(section(bar))
        trader.feed.beat()
        trader.feed.serve()
        while (found := trader.client.receive(0)) is not None:
            trader.places.append((found.signals.bar, found.signals.revision))
        links.append(trader.client.link)
    assert links[100:] == ["current"] * len(links[100:])
    turns(trader, 4)
    assert trader.places == [(bar, 0) for bar in range(1, 300)]
