"""What only the cache has: the worker died with a client's copy, and the next one knows nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from alphabus.client import SignalClient
from alphabus.errors import RequestError
from alphabus.messages import EndOfStream, Mode, Request, Signals, Status
from alphabus.outbox import Outbox, Page
from alphabus.testing import Line, ManualClock, ScriptedFeed, signals, universe
from alphabus.testing.fixtures import MakeFeed, manual_clock, memory_bus, scripted_feed
from alphabus.testing.scripted import BUDGET_BYTES
from alphabus.testing.sections import JOURNAL

__all__ = ["manual_clock", "memory_bus", "scripted_feed"]

SIGNALS, TOPIC = "signals/champion", "test/signals/champion/"
LIST = universe(("A",))


def section(bar: int, revision: int = 0) -> Signals:
    """A bar's, held at first, late when it is revised."""
    status = Status.LATE if revision else Status.HELD
    return replace(signals(bar, {"A": float(bar)}, revision=revision), status=status)


@dataclass(slots=True)
class Trader:
    """A client, where it stands, and the pipeline it hears."""

    feed: ScriptedFeed
    clock: ManualClock
    client: SignalClient
    places: list[tuple[int, int]] = field(default_factory=list)
    epoch: int = 1

    def go_on(self, turns: int = 40) -> None:
        """Two seconds, unless said otherwise, in which everybody gives signs of life and answers."""
        for _ in range(turns):
            self.clock.advance(50_000_000)
            self.feed.beat()
            self.feed.serve()
            while (section := self.client.receive(0)) is not None:
                self.places.append((section.signals.bar, section.signals.revision))

    def say(self, *messages: Signals | EndOfStream) -> None:
        """The worker says something, to whoever hears it."""
        for message in messages:
            self.feed.publish(Line(SIGNALS, message))

    def say_and_die(self, *messages: Signals) -> None:
        """The worker says it, only the cache gets it, and the next worker has nothing to send again."""
        self.feed._played += [Line(SIGNALS, message) for message in messages]
        self.feed._record = Outbox(BUDGET_BYTES)
        self.epoch += 1
        self.feed.restart(epoch=self.epoch)


@pytest.fixture
def trader(scripted_feed: MakeFeed, manual_clock: ManualClock) -> Iterator[Trader]:
    """A client that got two sections."""
    feed = scripted_feed(())
    feed.publish(Line(SIGNALS, LIST))
    with feed.client() as client:
        trader = Trader(feed, manual_clock, client)
        for bar in (1, 2):
            trader.say(section(bar))
            trader.go_on()
        assert trader.places == [(1, 0), (2, 0)]
        yield trader


def test_the_last_section_before_a_death_comes(trader: Trader) -> None:
    """Though nothing follows it."""
    trader.say_and_die(section(3))
    trader.go_on()
    assert trader.places[2:] == [(3, 0)]
    assert trader.client.link == "current"


def test_the_last_revision_before_a_death_comes(trader: Trader) -> None:
    """Before the bar that follows it."""
    trader.say_and_die(section(2, revision=1))
    trader.say(section(3))
    trader.go_on()
    assert trader.places[2:] == [(2, 1), (3, 0)]


def test_it_comes_before_the_end(trader: Trader) -> None:
    """The end is said by the next worker; what was said before it is delivered first."""
    trader.say_and_die(section(3), section(3, revision=1))
    trader.say(EndOfStream(JOURNAL, 3, Mode.LIVE))
    trader.go_on()
    assert trader.places[2:] == [(3, 0), (3, 1)]
    assert trader.client.ended


def test_again_and_again(trader: Trader) -> None:
    """Several deaths, with and without something heard between them."""
    for bar in range(3, 15):
        trader.say_and_die(section(bar))
        if bar % 3:
            trader.go_on()
        trader.say(section(bar, revision=1))
        if bar % 2:
            trader.go_on()
    trader.go_on()
    assert trader.places == [(1, 0), (2, 0), *((bar, part) for bar in range(3, 15) for part in (0, 1))]


def test_more_than_a_page(trader: Trader) -> None:
    """A client that was away for long."""
    trader.say_and_die(*(section(bar) for bar in range(3, 600)))
    trader.go_on(400)
    assert trader.places == [(bar, 0) for bar in range(1, 600)]


def test_a_gap_after_the_caches_word_is_filled(trader: Trader) -> None:
    """No death: the client's queue was full, and the worker has forgotten what the cache has."""
    trader.feed.outlets["inference_worker"]._seqs[TOPIC] += 1
    trader.feed._played.append(Line(SIGNALS, section(2, revision=1)))
    trader.feed._record.acknowledged(TOPIC, JOURNAL, 2)
    trader.say(section(3))
    trader.go_on()
    assert trader.places[2:] == [(2, 1), (3, 0)]


def test_who_wakes_up_waits_for_the_caches_word(trader: Trader) -> None:
    """The worker is heard first: that the cache was not heard while the machine slept does not make it one away."""
    trader.feed._played.append(Line(SIGNALS, section(2, revision=1)))
    trader.feed._record.acknowledged(TOPIC, JOURNAL, 2)
    trader.clock.suspend(3_600_000_000_000)
    assert trader.client.receive(0) is None
    trader.say(section(3))
    trader.feed.outlets["inference_worker"].serve(trader.feed._record, trader.feed._answer)
    assert trader.client.receive(0) is None
    trader.go_on()
    assert trader.places[2:] == [(2, 1), (3, 0)]
    assert trader.client.link == "current"


def test_without_a_cache_signals_flow(trader: Trader) -> None:
    """It is away, and the worker dies: after three seconds of silence nobody waits for its word any more."""
    trader.feed.stop("signal_cache")
    trader.say_and_die()
    trader.say(section(3))
    trader.go_on(10)
    assert trader.places == [(1, 0), (2, 0)]
    assert trader.client.link == "gap"
    trader.go_on(100)
    assert trader.places[2:] == [(3, 0)]
    assert trader.client.link == "current"


def test_without_a_cache_a_hole_is_an_error(trader: Trader) -> None:
    """What certainly is missing is waited for, and said; once the cache is back it comes."""
    trader.feed.stop("signal_cache")
    trader.say_and_die(section(3))
    trader.say(section(4))
    with pytest.raises(RequestError, match="did not answer 'history'"):
        trader.go_on(200)
    assert trader.client.link == "gap"
    trader.feed.restart("signal_cache")
    trader.go_on()
    assert trader.places[2:] == [(3, 0), (4, 0)]


def test_a_cache_that_was_away_for_long_is_not_flooded(trader: Trader, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked again once it is heard of, and not for every second it was away."""
    trader.feed.stop("signal_cache")
    trader.say_and_die(section(3))
    trader.go_on(2000)
    asked, answer = list[str](), trader.feed._answer

    def answered(request: Request) -> Page:
        asked.append(request.verb)
        return answer(request)

    monkeypatch.setattr(trader.feed, "_answer", answered)
    trader.feed.restart("signal_cache")
    trader.go_on()
    assert trader.places[2:] == [(3, 0)]
    assert 0 < asked.count("history") <= 6
