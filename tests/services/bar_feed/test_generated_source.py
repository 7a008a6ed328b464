"""A file that goes on for ever: all history first, then live sections in step with the source's own clock."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from alphabus.messages import Mode
from alphabus.testing import ManualClock
from common.config import Config, make_config
from common.market.sample import sample_market
from services.bar_feed.sources import RawSection
from services.bar_feed.sources.generated import STEP_NS, GeneratedSource
from services.bar_feed.sources.kinds import open_source
from services.bar_feed.sources.replay import ReplaySource

PACE_NS = 1_000_000_000


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A small market that goes on."""
    folder = tmp_path_factory.mktemp("market")
    sample_market(symbols=24, days=80).write_parquet(folder / "bars.parquet")
    source = {"kind": "generated", "bars": str(folder / "bars.parquet"), "seed": 7}
    return make_config({"instance": "up", "state": str(folder), "feed": {"source": source, "pace_s": 1.0}}, "test")


def opened(config: Config, clock: ManualClock | None = None) -> GeneratedSource:
    """The source that the configuration asks for."""
    source = open_source(config, config.state / "rows.jsonl", clock or ManualClock())
    assert isinstance(source, GeneratedSource)
    return source


def same(left: RawSection, right: RawSection) -> bool:
    """To the bit."""
    return (left.time, left.stamp, left.symbols) == (right.time, right.stamp, right.symbols) and all(
        left.columns[name].tobytes() == right.columns[name].tobytes() for name in left.columns
    )


def test_the_configuration_says_which_source(config: Config) -> None:
    """A file is replayed unless it is to go on."""
    plain = config.model_copy(update={"feed": config.feed.model_copy(update={"source": config.feed.source.model_copy(
        update={"kind": "file"})})})  # fmt: skip
    assert isinstance(open_source(plain, config.state / "rows.jsonl", ManualClock()), ReplaySource)
    assert (opened(config).mode, ReplaySource.mode) == (Mode.LIVE, Mode.REPLAY)


def test_the_whole_file_is_history(config: Config) -> None:
    """Then the clock of the source goes on a minute at a time."""
    source = opened(config)
    history = list(source.history(-(2**62)))
    live = list(islice(source.live(history[-1].time), 5))
    times = [section.time for section in (*history[-1:], *live)]
    assert len(history) == source.facts()["history"] == 80
    assert np.diff(times).tolist() == [STEP_NS] * 5
    assert [section.time - section.stamp for section in live] == [history[-1].time - history[-1].stamp] * 5


@pytest.mark.parametrize("count", [1, 2, 300])
def test_a_restart_goes_on_with_the_same_bars(count: int, config: Config) -> None:
    """After the last one on record, never back."""
    source = opened(config)
    *_, last = source.history(-(2**62))
    sections = list(islice(source.live(last.time), count + 3))
    again = list(islice(opened(config).live(sections[count - 1].time), 3))
    assert all(same(left, right) for left, right in zip(sections[count:], again, strict=True))
    assert list(opened(config).history(sections[0].time)) == []


def test_its_clock_moves_a_section_a_pace(config: Config) -> None:
    """From the first section it hands out; what is due later is complete later."""
    clock = ManualClock()
    source = opened(config, clock)
    *_, last = source.history(-(2**62))
    clock.advance(50 * PACE_NS)  # history took its time
    sections = source.live(last.time)
    first = next(sections)
    assert source.now(0) == first.time
    assert source.now(PACE_NS - 1) == first.time
    assert source.now(PACE_NS) == next(sections).time
    clock.advance(3 * PACE_NS)
    assert source.now(0) == first.time + 3 * STEP_NS
