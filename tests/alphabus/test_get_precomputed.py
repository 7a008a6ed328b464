"""The arm `precomputed`: what is on file comes at once, the rest is the champion's, also while the cache is away."""

from __future__ import annotations

from alphabus.clock import ManualClock
from alphabus.testing import Line, day_ns, signals, signals_script, universe
from alphabus.testing.fixtures import MakeFeed, manual_clock, memory_bus, scripted_feed

__all__ = ["manual_clock", "memory_bus", "scripted_feed"]

SECOND_NS = 1_000_000_000
DAYS = [{"A": 1.0}, {"A": 2.0}, {"A": 3.0}]


def test_what_is_not_on_file_is_the_champions(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """Bar by bar; a bar that is on file is nobody else's."""
    feed = scripted_feed(signals_script(DAYS))
    feed.play(99)
    feed.publish(Line("signals/precomputed", universe("A", 2)))
    feed.publish(Line("signals/precomputed", signals(2, {"A": 9.0}, arm="precomputed")))
    with feed.client() as client:
        found = [client.get_signal(day_ns(bar), wait=3600 * SECOND_NS, arm="precomputed") for bar in (1, 2, 3)]
    assert [(each.signals.arm, each.by_symbol()) for each in found if each is not None] == [
        ("champion", DAYS[0]), ("precomputed", {"A": 9.0}), ("champion", DAYS[2]),
    ]  # fmt: skip
    assert manual_clock.monotonic_ns() < SECOND_NS


def test_without_a_cache_the_champion_is_heard(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """What came live while the file could not be asked is the answer, by the end of the wait."""
    feed = scripted_feed(signals_script(DAYS))
    feed.play(3)
    with feed.client() as client:
        client.get_signal(day_ns(2), wait=0)  # from here on the champion is listened to
        feed.play(1)
        feed.stop("signal_cache")
        manual_clock.advance(4 * SECOND_NS)
        start = manual_clock.monotonic_ns()
        section = client.get_signal(day_ns(3), wait=SECOND_NS, arm="precomputed")
        assert manual_clock.monotonic_ns() - start <= SECOND_NS + SECOND_NS // 10
    assert section is not None
    assert (section.signals.arm, section.signals.bar, section.by_symbol()) == ("champion", 3, DAYS[2])
