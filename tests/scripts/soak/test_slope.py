"""When a process counts as flat: growth after the warm-up, descriptors, lives."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.processes.usage import MEBIBYTE
from scripts.soak.gauge import Reading
from scripts.soak.market import minute_market
from scripts.soak.slope import WARM, Trend, trends

SECTIONS = 1000


def readings(per_section: float, *, start: float = 50 * MEBIBYTE, descriptors: int = 20, pid: int = 7) -> list[Reading]:
    """A process read every ten sections, growing by so many bytes a section."""
    return [
        Reading("bar_feed", pid, section, int(start + per_section * section), descriptors)
        for section in range(0, SECTIONS + 1, 10)
    ]


def only(found: list[Trend]) -> Trend:
    """The one line there is."""
    assert len(found) == 1
    return found[0]


@settings(deadline=None)
@given(st.integers(0, 100_000))
def test_a_leak_is_measured_as_it_is(per_section: int) -> None:
    """A straight line's slope is found, per thousand sections, and its growth over the part that is judged."""
    trend = only(trends(readings(per_section), SECTIONS))
    assert abs(trend.kib_a_thousand - per_section * 1000 / 1024) < 1e-6 * max(per_section, 1)
    assert abs(trend.growth_mib - per_section * SECTIONS * (1 - WARM) / MEBIBYTE) < 1e-6


def test_a_leak_is_not_flat_and_a_warm_up_is() -> None:
    """What grows before the warm-up ends is a cache; what grows after it is a leak."""
    assert not only(trends(readings(per_section=50_000), SECTIONS)).flat(16.0)
    caches = [
        Reading("bar_feed", 7, section, int(min(section, WARM * SECTIONS) * 100_000), 20)
        for section in range(0, SECTIONS + 1, 10)
    ]
    assert only(trends(caches, SECTIONS)).flat(16.0)


def test_a_descriptor_more_is_not_flat() -> None:
    """A file or socket that is opened and never closed shows at the end."""
    leaking = [Reading("bar_feed", 7, section, 1_000, 20 + (section > 900)) for section in range(0, SECTIONS + 1, 10)]
    assert not only(trends(leaking, SECTIONS)).flat(16.0)


def test_a_process_that_was_started_again_is_not_flat() -> None:
    """Its memory began anew, so its slope says nothing."""
    reborn = readings(0.0)[:50] + readings(0.0, pid=8)[50:]
    assert only(trends(reborn, SECTIONS)).lives == 2
    assert not only(trends(reborn, SECTIONS)).flat(16.0)


def test_the_market_lasts_as_long_as_asked() -> None:
    """One time a section, a minute apart, however often the sample market is gone through."""
    times = minute_market(20, 4_500)["datetime"].unique().sort()
    assert len(times) == 4_500
    assert times.diff().drop_nulls().unique().to_list() == [times[1] - times[0]]
