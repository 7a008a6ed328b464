"""The numbering begins anew while a client is cut off: what the cache alone has of the new one is delivered, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from alphabus.messages import Delivery, EndOfStream, Mode, Request, Signals
from alphabus.outbox import Page
from alphabus.record_page import RecordPage
from alphabus.testing import Line, ManualClock
from alphabus.testing.fixtures import MakeFeed, manual_clock, memory_bus, scripted_feed
from tests.alphabus.test_lost_last import LIST, SIGNALS, Trader, section, trader

__all__ = ["manual_clock", "memory_bus", "scripted_feed", "trader"]

ANOTHER = b"n" * 16


def anew(bar: int, revision: int = 0) -> Signals:
    """A section of the new numbering."""
    return replace(section(bar, revision), journal=ANOTHER)


def begin_anew(trader: Trader, *bars: int) -> None:
    """The cache begins anew, too, and gets these sections of a worker that dies while the client is cut off."""
    trader.feed._played.append(Line(SIGNALS, replace(LIST, journal=ANOTHER, bar=bars[0])))
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
    trader.feed._played.append(Line(SIGNALS, replace(LIST, journal=ANOTHER)))
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
    trader.feed._played.append(Line(SIGNALS, replace(LIST, journal=ANOTHER)))
    trader.feed.publish(Line(SIGNALS, replace(LIST, journal=ANOTHER)))
    trader.say(anew(1), anew(2))
    trader.go_on()
    trader.feed.publish(Line(SIGNALS, section(3)))
    trader.feed._played.pop()
    trader.go_on()
    assert trader.client.link == "current"
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
    trader.feed._played.append(Line(SIGNALS, replace(LIST, journal=ANOTHER)))
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
    trader.feed.publish(Line(SIGNALS, replace(LIST, journal=ANOTHER, bar=first)))
    trader.say(*(anew(bar) for bar in range(first, 6)))
    trader.go_on()
    assert trader.places[2:] == [(bar, 0) for bar in range(first, 6)]
    assert trader.client.link == "current"
    assert not trader.client.ended


@pytest.fixture
def newcomer(scripted_feed: MakeFeed, manual_clock: ManualClock) -> Iterator[Trader]:
    """A client that got nothing yet: when it came there was nothing on record."""
    feed = scripted_feed(())
    with feed.client() as client:
        trader = Trader(feed, manual_clock, client)
        trader.go_on()
        yield trader


def test_who_has_nothing_yet_goes_along_with_the_record(newcomer: Trader) -> None:
    """What waits live is of the numbering that the record has left: none of it comes behind the new one."""
    newcomer.feed.publish(Line(SIGNALS, LIST))
    newcomer.say_and_die(section(1))
    newcomer.say(section(2))
    ask_the_record(newcomer)
    newcomer.feed.publish(Line(SIGNALS, replace(LIST, journal=ANOTHER)))
    newcomer.say(*map(anew, (1, 2, 3)), EndOfStream(ANOTHER, 3, Mode.LIVE))
    newcomer.go_on()
    assert newcomer.places == [(1, 0), (2, 0), (3, 0)]
    assert newcomer.client.ended


def test_who_is_in_a_numbering_that_nobody_has_any_more_goes_along_with_the_record(trader: Trader) -> None:
    """The next one came and went while it was cut off: neither the rest of its own nor anything of that is left."""
    third = b"t" * 16
    trader.say_and_die(section(3))
    trader.say(section(4))
    begin_anew(trader, 1, 2)
    trader.feed._played.append(Line(SIGNALS, replace(LIST, journal=third)))
    trader.say_and_die(*(replace(section(bar), journal=third) for bar in (1, 2, 3)))
    trader.feed.publish(Line(SIGNALS, replace(LIST, journal=third)))
    trader.say(replace(section(4), journal=third))
    trader.go_on()
    assert trader.places[2:] == [(1, 0), (2, 0), (3, 0), (4, 0)]
    assert trader.client.link == "current"


@pytest.mark.parametrize("live", [False, True])
def test_what_waits_of_a_numbering_that_the_record_left_goes(trader: Trader, *, live: bool) -> None:
    """Behind the hole that nobody can fill; heard of live first, or found on record."""
    trader.say_and_die(section(3))
    trader.say(*map(section, range(4, 9)))
    ask_the_record(trader)
    if live:
        trader.feed.publish(Line(SIGNALS, replace(LIST, journal=ANOTHER)))
        trader.say(anew(1), anew(2))
    else:
        begin_anew(trader, 1, 2)
    trader.go_on()
    trader.say(anew(3))
    trader.go_on()
    assert trader.places[2:] == [(1, 0), (2, 0), (3, 0)]
    assert trader.client.link == "current"


def test_a_page_without_a_section_says_whose_it_is() -> None:
    """A numbering may have an end, and nothing before it; an empty page says nothing."""
    end = Delivery("t/", 1, 0, 0, EndOfStream(ANOTHER, 0, Mode.LIVE))
    assert RecordPage.of([end], []).journal == ANOTHER
    assert RecordPage.of([], []).journal is None


def test_what_waits_of_a_numbering_that_the_record_does_not_know_yet_comes_behind_the_old_one(trader: Trader) -> None:
    """The cache is behind the worker: it has the rest of the old numbering, and nothing of the new one yet."""
    trader.say_and_die(section(3))
    trader.feed.publish(Line(SIGNALS, replace(LIST, journal=ANOTHER)))
    trader.say(anew(1), anew(2))
    trader.feed._played[:] = [line for line in trader.feed._played if line.message.journal != ANOTHER]
    trader.go_on()
    assert trader.places[2:] == [(3, 0), (1, 0), (2, 0)]
    assert trader.client.link == "current"


def test_a_record_that_was_lost_keeps_nobody_waiting(trader: Trader) -> None:
    """What only it had is gone: who was in a numbering that it never heard of goes on with what is live."""
    trader.say_and_die(section(3))
    trader.feed._played[:] = [Line(SIGNALS, LIST)]
    trader.say(section(4))
    trader.go_on()
    assert trader.places[2:] == [(4, 0)]
    assert trader.client.link == "current"


@pytest.mark.parametrize("live", [False, True])
def test_a_numbering_that_comes_back_goes_on_where_it_was_left(trader: Trader, *, live: bool) -> None:
    """People restored the feed's folder: what it had said is not said again, however many pages that is."""
    old = [section(bar) for bar in range(3, 400)]
    trader.say(*old)
    trader.go_on(400)
    trader.feed.publish(Line(SIGNALS, replace(LIST, journal=ANOTHER)))
    trader.say(anew(1))
    trader.go_on()
    trader.feed._played += [Line(SIGNALS, LIST), *(Line(SIGNALS, message) for message in old)]
    trader.say_and_die(section(400))
    if live:
        trader.feed.publish(Line(SIGNALS, LIST))
        trader.say(section(401))
    trader.go_on(400)
    assert trader.places == [*((bar, 0) for bar in range(1, 400)), (1, 0), (400, 0), *[(401, 0)] * live]


def test_history_is_of_one_numbering(trader: Trader, monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins anew between two pages: all of the answer is of the one that is on record."""
    monkeypatch.setattr(trader.client, "_wait", trader.feed.wait)
    trader.say(section(3))
    answer, asked = trader.feed._answer, list[Request]()

    def answered(request: Request) -> Page:
        asked.append(request)
        page = answer(request)
        if request.verb == "history" and len(asked) == 1:
            trader.feed.publish(Line(SIGNALS, replace(LIST, journal=ANOTHER)))
            trader.say(anew(2), anew(3), anew(4))
        return page

    monkeypatch.setattr(trader.feed, "_answer", answered)
    found = trader.client.history(2, 9)
    assert [(each.signals.journal, each.signals.bar) for each in found] == [(ANOTHER, bar) for bar in (2, 3, 4)]
