"""The end of a stream: everything before it comes first, also what the worker no longer has."""

from __future__ import annotations

from alphabus.messages import EndOfStream, Mode
from alphabus.outbox import Outbox
from alphabus.testing import Line, ScriptedFeed, signals_script
from alphabus.testing.fixtures import MakeFeed, manual_clock, memory_bus, scripted_feed
from alphabus.testing.scripted import BUDGET_BYTES
from alphabus.testing.sections import JOURNAL

__all__ = ["manual_clock", "memory_bus", "scripted_feed"]

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
