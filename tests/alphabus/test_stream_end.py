"""The end of a stream: everything before it comes first, also what the worker no longer has."""

from __future__ import annotations

from alphabus.messages import Announcement, EndOfStream, Mode, Phase
from alphabus.outbox import Outbox
from alphabus.testing import Line, ScriptedFeed, signals_script
from alphabus.testing.fixtures import MakeFeed, manual_clock, memory_bus, scripted_feed
from alphabus.testing.scripted import BUDGET_BYTES
from alphabus.testing.sections import JOURNAL
from tests.alphabus.test_lost_last import Trader, section, trader

__all__ = ["manual_clock", "memory_bus", "scripted_feed", "trader"]

SECOND_NS = 1_000_000_000
DAYS = [{"A": float(bar)} for bar in range(1, 5)]


def die_with_the_rest(feed: ScriptedFeed) -> None:
    """The worker says the rest to the cache alone and dies; the next one knows only of the end."""
    feed.stop("inference_worker")
    feed._played += list(feed._lines)
    feed._record = Outbox(BUDGET_BYTES)
    feed.restart()
    feed.publish(Line("signals/champion", EndOfStream(JOURNAL, len(DAYS), Mode.LIVE)))


def test_what_a_dead_worker_said_last_comes_before_the_end(scripted_feed: MakeFeed) -> None:
    """It died with its last sections on the way; the cache has them on record."""
    feed = scripted_feed(signals_script(DAYS))
    feed.play(3)  # the list of symbols, and the first two sections
    with feed.client() as client:
        first = client.receive(SECOND_NS)
        assert first is not None
        die_with_the_rest(feed)
        assert [first.signals.bar, *(section.signals.bar for section in client)] == [2, 3, 4]
        assert client.ended


def test_who_got_nothing_gets_all_of_it_before_the_end(scripted_feed: MakeFeed) -> None:
    """When it joined there was nothing, and what followed was lost with the worker."""
    feed = scripted_feed(signals_script(DAYS))
    with feed.client() as client:
        assert client.receive(0) is None
        feed.serve()
        assert client.receive(0) is None
        die_with_the_rest(feed)
        assert [section.signals.bar for section in client] == [1, 2, 3, 4]


def test_who_never_heard_of_the_latest_gets_that_before_the_end(scripted_feed: MakeFeed) -> None:
    """The cache was away when it joined: what was before is nothing to it, the last section is."""
    feed = scripted_feed(signals_script(DAYS))
    feed.stop("signal_cache")
    with feed.client() as client:
        assert client.receive(3 * SECOND_NS) is None or not feed.play(1)
        die_with_the_rest(feed)
        feed.restart("signal_cache")
        assert [section.signals.bar for section in client][-1] == 4


def test_a_stream_that_goes_on_has_not_ended(trader: Trader) -> None:
    """Its source has more by now: what follows the end is waited for again, until the next end."""
    trader.say(EndOfStream(JOURNAL, 2, Mode.LIVE))
    trader.go_on()
    assert trader.client.ended
    trader.say(section(3))
    trader.go_on()
    assert trader.places[-1] == (3, 0)
    assert not trader.client.ended
    trader.say(EndOfStream(JOURNAL, 3, Mode.LIVE))
    trader.go_on()
    assert trader.client.ended


def test_a_late_revision_after_the_end_ends_nothing_anew(trader: Trader) -> None:
    """It revises what came before the end, and no other end follows it."""
    trader.say(EndOfStream(JOURNAL, 2, Mode.LIVE), section(2, revision=1))
    trader.go_on()
    assert trader.places[2:] == [(2, 1)]
    assert trader.client.ended


def test_a_late_revision_that_only_the_record_has_comes_after_the_end_as_well(trader: Trader) -> None:
    """The worker said it to the cache alone, and died."""
    trader.say(EndOfStream(JOURNAL, 2, Mode.LIVE))
    trader.go_on()
    trader.say_and_die(section(2, revision=1))
    trader.go_on()
    assert trader.places[2:] == [(2, 1)]
    assert trader.client.ended


def announce(trader: Trader, bar: int) -> None:
    """The feed says that this section is due now."""
    trader.feed.publish(Line("announcements", Announcement(JOURNAL, bar, Mode.LIVE, bar, bar, Phase.DUE, 1)))


def test_nothing_is_awaited_behind_the_end_of_the_signals(trader: Trader) -> None:
    """A feed that started again announced what will never be, and its own word of the end was lost on the way."""
    announce(trader, 3)
    trader.go_on(100)
    assert trader.client.link == "overdue"
    trader.say(EndOfStream(JOURNAL, 2, Mode.LIVE))
    trader.go_on()
    assert trader.client.link == "current"


def test_an_end_is_heard_once(trader: Trader) -> None:
    """What is announced after it is awaited: the source has more by now."""
    trader.say(EndOfStream(JOURNAL, 2, Mode.LIVE))
    trader.go_on()
    announce(trader, 3)
    trader.go_on(100)
    assert trader.client.link == "overdue"


def test_an_end_that_only_the_record_has_is_an_end(trader: Trader) -> None:
    """The worker said it to the cache alone, and died; the next one knows nothing of it."""
    trader.feed._played += [Line("signals/champion", EndOfStream(JOURNAL, 3, Mode.LIVE))]
    trader.say_and_die()
    trader.feed._played.insert(-1, Line("signals/champion", section(3)))
    trader.go_on()
    assert trader.places[2:] == [(3, 0)]
    assert trader.client.ended
