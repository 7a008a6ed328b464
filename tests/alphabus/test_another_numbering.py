"""The numbering begins anew while a client is cut off: what the cache alone has of the new one is delivered, too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alphabus.messages import EndOfStream, Mode, Signals
from alphabus.testing import Line
from alphabus.testing.fixtures import manual_clock, memory_bus, scripted_feed
from tests.alphabus.test_lost_last import LIST, SIGNALS, Trader, section, trader

__all__ = ["manual_clock", "memory_bus", "scripted_feed", "trader"]

ANOTHER = b"n" * 16


def anew(bar: int, revision: int = 0) -> Signals:
    """A section of the new numbering."""
    return replace(section(bar, revision), journal=ANOTHER)


def begin_anew(trader: Trader, *bars: int) -> None:
    """The cache begins anew, too, and gets these sections of a worker that dies while the client is cut off."""
    trader.feed._played[:] = [Line(SIGNALS, replace(LIST, journal=ANOTHER, bar=bars[0]))]
    trader.say_and_die(*map(anew, bars))


def ask_the_record(trader: Trader) -> None:
    """The worker is heard, and the question waits at the cache."""
    for _ in range(40):
        if trader.client._stream._backfill is not None:
            break
        trader.go_on(1)
    assert trader.client._stream._backfill is not None


@pytest.mark.parametrize("first", [1, 3])
@pytest.mark.parametrize("quiet", [False, True])
def test_what_the_cache_alone_has_comes(trader: Trader, first: int, *, quiet: bool) -> None:
    """Whether the client joins the next worker before anything of the new numbering is live, or with it."""
    begin_anew(trader, first, first + 1, first + 2)
    if quiet:
        trader.go_on()
    trader.feed.publish(Line(SIGNALS, replace(LIST, journal=ANOTHER, bar=first + 3)))
    trader.say(anew(first + 3))
    trader.go_on()
    assert trader.places[2:] == [(bar, 0) for bar in range(first, first + 4)]
    assert trader.client.link == "current"


@pytest.mark.parametrize("quiet", [False, True])
def test_it_comes_before_the_end(trader: Trader, *, quiet: bool) -> None:
    """Also where the end is all that is live of the new numbering."""
    begin_anew(trader, 1, 2)
    if quiet:
        trader.go_on()
    trader.say(EndOfStream(ANOTHER, 2, Mode.LIVE))
    trader.go_on()
    assert trader.places[2:] == [(1, 0), (2, 0)]
    assert trader.client.ended


def test_a_late_revision_of_the_new_numbering_comes(trader: Trader) -> None:
    """Once its first section was delivered, it is as any numbering."""
    trader.feed._played[:] = [Line(SIGNALS, replace(LIST, journal=ANOTHER))]
    trader.feed.publish(Line(SIGNALS, replace(LIST, journal=ANOTHER)))
    trader.say(anew(1))
    trader.go_on()
    trader.say_and_die(anew(1, 1))
    trader.go_on()
    trader.say(anew(2))
    trader.go_on()
    assert trader.places[2:] == [(1, 0), (1, 1), (2, 0)]


def test_a_straggler_of_the_old_numbering_brings_nothing_again(trader: Trader) -> None:
    """What the new one had delivered before it is not delivered once more after it."""
    trader.feed._played[:] = [Line(SIGNALS, replace(LIST, journal=ANOTHER))]
    trader.feed.publish(Line(SIGNALS, replace(LIST, journal=ANOTHER)))
    trader.say(anew(1), anew(2))
    trader.go_on()
    trader.feed.publish(Line(SIGNALS, section(3)))
    trader.feed._played.pop()
    trader.go_on()
    trader.say(anew(3))
    trader.go_on()
    assert [place for place in trader.places[2:] if place != (3, 0)] == [(1, 0), (2, 0)]
    assert trader.places[-1] == (3, 0)


@pytest.mark.parametrize("quiet", [False, True])
def test_without_a_cache_signals_flow(trader: Trader, *, quiet: bool) -> None:
    """Nobody can say what was before the first of the new numbering: it is not waited for for ever."""
    trader.feed.stop("signal_cache")
    trader.say_and_die()
    if quiet:
        trader.go_on(120)
    trader.feed.publish(Line(SIGNALS, replace(LIST, journal=ANOTHER)))
    trader.say(anew(1), anew(2))
    trader.go_on(120)
    assert trader.places[2:] == [(1, 0), (2, 0)]
    assert trader.client.link == "current"


@pytest.mark.parametrize("many", [3, 5])
def test_what_was_asked_of_the_old_numbering_is_asked_anew(trader: Trader, many: int) -> None:
    """The record began anew while a question was under way: its bars are not those that were asked from."""
    trader.say(section(3))
    trader.go_on()
    trader.say_and_die()  # who joins the next worker asks the cache from bar 3 on
    trader.feed._played[:] = [Line(SIGNALS, replace(LIST, journal=ANOTHER))]
    ask_the_record(trader)
    trader.feed.publish(Line(SIGNALS, replace(LIST, journal=ANOTHER)))
    trader.say(*(anew(bar) for bar in range(1, many + 1)))
    trader.go_on()
    assert trader.places[3:] == [(bar, 0) for bar in range(1, many + 1)]
    assert trader.client.link == "current"


@pytest.mark.parametrize("first", [1, 3])
def test_what_is_missing_of_the_old_numbering_and_nowhere_any_more_leaves_no_hole(trader: Trader, first: int) -> None:
    """Only the cache had bar 3, and it began anew: what follows it in the old numbering goes with it."""
    trader.say_and_die(section(3))
    trader.say(section(4), EndOfStream(section(4).journal, 4, Mode.LIVE))
    ask_the_record(trader)
    trader.feed._played[:] = []
    trader.feed.publish(Line(SIGNALS, replace(LIST, journal=ANOTHER, bar=first)))
    trader.say(*(anew(bar) for bar in range(first, 6)))
    trader.go_on()
    assert trader.places[2:] == [(bar, 0) for bar in range(first, 6)]
    assert trader.client.link == "current"
    assert not trader.client.ended
