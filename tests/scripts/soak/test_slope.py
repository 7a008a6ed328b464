"""When a process counts as flat: no leak that the run must tell, descriptors, lives; and all of them were read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphabus.endpoints import SERVICES
from common.errors import PipelineError
from scripts.processes.usage import MEBIBYTE
from scripts.soak.gauge import EVERYBODY, Reading
from scripts.soak.market import minute_market
from scripts.soak.slope import LIMIT_BYTES, WARM, Trend, limit_of, slope_of, trends

SECTIONS, LONG = 10_000, 200_000
LIMIT = limit_of(SECTIONS)
PAGE = 4096


def readings(
    per_section: float, *, sections: int = SECTIONS, seed: int | None = None, descriptors: int = 20, pid: int = 7
) -> list[Reading]:
    """A process read a hundred times, growing by so many bytes a section; with a seed it is as restless as real ones.

    Pages come and go by the reading; three times a run the allocator takes a quarter of a megabyte, or gives it back.
    """
    random = np.random.default_rng(seed)
    moments = [] if seed is None else random.integers(0, sections, 3).tolist()
    steps = [(moment, random.choice((-1, 1)) * MEBIBYTE / 4) for moment in moments]
    return [
        Reading("bar_feed", pid, section, int(50 * MEBIBYTE + per_section * section + restless), descriptors)
        for section in range(0, sections + 1, sections // 100)
        for restless in [
            sum(size for moment, size in steps if section >= moment)
            + (0.0 if seed is None else PAGE * float(random.integers(-8, 9)))
        ]
    ]


def only(found: list[Reading], sections: int = SECTIONS) -> Trend:
    """The one line there is."""
    (line,) = trends(found, sections, ["bar_feed"])
    return line


@settings(deadline=None)
@given(st.integers(0, 100_000))
def test_a_leak_is_measured_as_it_is(per_section: int) -> None:
    """A straight line's slope is found, and it has no error."""
    trend = only(readings(per_section))
    assert trend.bytes_a_section == pytest.approx(per_section, abs=1e-6)
    assert trend.error == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("sections", [SECTIONS, LONG])
def test_noise_is_flat_and_a_leak_in_it_is_found(sections: int, seed: int) -> None:
    """Whatever is drawn, at either length: rest passes, and half more than a run must tell never does."""
    assert only(readings(0.0, sections=sections, seed=seed), sections).flat(limit_of(sections))
    leaking = only(readings(1.5 * limit_of(sections), sections=sections, seed=seed), sections)
    assert not leaking.flat(limit_of(sections))


def test_the_longer_the_run_the_finer_the_leak() -> None:
    """A twentieth of the length finds 0.4 KiB a section, the whole a tenth of a KiB; no run less than is allowed."""
    assert 300 < LIMIT < 400
    assert LIMIT_BYTES < limit_of(LONG) < 100
    assert limit_of(LONG) < LIMIT < limit_of(5_000)


def test_what_cannot_be_told_is_not_flat() -> None:
    """Memory that goes up and down by megabytes hides any leak: a slope near zero is no proof then."""
    wild = [
        Reading("bar_feed", 7, section, int((50 + 20 * (section // 1000 % 2)) * MEBIBYTE), 20)
        for section in range(0, SECTIONS + 1, 100)
    ]
    assert not only(wild).flat(LIMIT)


def test_a_slope_says_more_the_less_its_errors_hang_together() -> None:
    """The same noise in runs of ten is worth fewer readings; one moment tells nothing at all."""
    places = np.arange(200.0)
    noise = np.random.default_rng(1).standard_normal(200)
    _, alone = slope_of(places, noise)
    _, in_runs = slope_of(places, np.repeat(noise[:20], 10))
    assert in_runs > 2 * alone
    assert slope_of(np.ones(5), noise[:5]) == (0.0, np.inf)


def test_a_warm_up_is_flat() -> None:
    """What grows before the warm-up ends is a cache; what grows after it is a leak."""
    caches = [
        Reading("bar_feed", 7, section, int(min(section, WARM * SECTIONS) * 100_000), 20)
        for section in range(0, SECTIONS + 1, 100)
    ]
    assert only(caches).flat(LIMIT)


def test_a_descriptor_more_is_not_flat() -> None:
    """A file or socket that is opened and never closed shows at the end."""
    leaking = [
        Reading("bar_feed", 7, section, 1_000, 20 + (section > 9_000)) for section in range(0, SECTIONS + 1, 100)
    ]
    assert not only(leaking).flat(LIMIT)


def test_a_process_that_was_started_again_is_not_flat() -> None:
    """Its memory began anew, so its slope says nothing; not even where that was before the warm-up ended."""
    for at in (10, 50):
        reborn = readings(0.0)[:at] + readings(0.0, pid=8)[at:]
        assert only(reborn).lives == 2
        assert not only(reborn).flat(LIMIT)


def test_whoever_was_hardly_read_is_no_proof() -> None:
    """Never, or only in the warm-up: the soak says so by name, and nothing is flat; nor is an empty list."""
    for found in ([], readings(0.0)[:30]):
        with pytest.raises(PipelineError, match="hardly ever read: bar_feed"):
            trends(found, SECTIONS, ["bar_feed"])
    with pytest.raises(PipelineError, match="no process is named"):
        trends([], SECTIONS, [])


def test_a_process_nobody_knows_is_told() -> None:
    """A child more than there should be is read as well, and is none of those that were asked for."""
    stranger = [Reading("child 3", 9, each.section, each.resident, each.descriptors) for each in readings(0.0)]
    with pytest.raises(PipelineError, match="nobody knows child 3"):
        trends([*readings(0.0), *stranger], SECTIONS, ["bar_feed"])


def test_everybody_is_asked_for() -> None:
    """Services, both children of the worker, a supervisor each, and the launcher."""
    assert len(EVERYBODY) == len(set(EVERYBODY)) == 2 * len(SERVICES) + 3
    assert {*SERVICES, "executor", "spare", "launcher"} < set(EVERYBODY)


def test_the_market_lasts_as_long_as_asked() -> None:
    """One time a section, a minute apart, however often the sample market is gone through."""
    times = minute_market(20, 4_500)["datetime"].unique().sort()
    assert len(times) == 4_500
    assert times.diff().drop_nulls().unique().to_list() == [times[1] - times[0]]
