"""Bars that a live source had while nobody listened: they feed state, and no signal for them is sent as fresh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alphabus.messages import Mode, Reason, Signals, Status
from tests.services.cluster import MS, Cluster, toy_config
from tests.services.markets import ToySource, toy_market

MARKET = toy_market(2, live=20)
BEFORE, MISSED = 10, 17
"""The last bar before all was down, and the last one that closed meanwhile."""

PACED: dict[str, Any] = {"feed": {"pace_s": 1.0}}
DEADLINE: dict[str, Any] = {"inference": {"policy": "deadline", "deadline_ms": 400, "late_until_ms": 800}, **PACED}


def source(missed: int = 4) -> ToySource:
    """A live source of which the sections up to `missed` closed before it was opened."""
    return ToySource(MARKET.sections, missed, Mode.LIVE)


def run(folder: Path, registry: Path, tables: dict[str, Any], sources: list[ToySource]) -> list[Signals]:
    """One life of all processes after the other over the same state; the record at the end."""
    config = toy_config(folder, registry, **tables)
    for number, each in enumerate(sources):
        cluster = Cluster(config, each)
        if number < len(sources) - 1:
            _run_to(cluster, BEFORE)
        else:
            cluster.run(pass_ns=50 * MS)
        cluster.close()
        assert cluster.refused == []
    return cluster.record()


def _run_to(cluster: Cluster, bar: int) -> None:
    """Until the cache has this bar; the stream has not ended."""
    for _ in range(5000):
        if cluster.services["signal_cache"].bar >= bar:
            return
        cluster.round(50 * MS)
    raise AssertionError(f"bar {bar} never came")


def told(record: list[Signals], first: int) -> list[tuple[Any, ...]]:
    """What the bars from `first` on came to."""
    return [
        (it.bar, it.revision, it.status, it.reason, it.computed_from, it.columns["signal"].tobytes())
        for it in record
        if it.bar >= first
    ]


@pytest.mark.parametrize("tables", [PACED, DEADLINE], ids=["wait", "deadline"])
def test_missed_bars_are_history(registry: Path, tmp_path: Path, tables: dict[str, Any]) -> None:
    """State goes through them: what follows has the bits of a run that missed nothing. None of them is fresh."""
    whole = run(tmp_path / "whole", registry, tables, [source()])
    torn = run(tmp_path / "torn", registry, tables, [source(), source(MISSED)])
    assert {it.mode for it in torn} == {Mode.LIVE}
    assert told(torn, MISSED + 1) == told(whole, MISSED + 1)
    # The one that was announced before all went down is owed a word, and no more than that.
    assert [(it.bar, it.status, it.reason) for it in torn if BEFORE < it.bar <= MISSED] == [
        (BEFORE + 1, Status.HELD, Reason.GAP)
    ]


def test_bars_that_only_the_feed_heard_are_marked(registry: Path, tmp_path: Path) -> None:
    """All else was down while they went out: under a deadline each is held, and what follows is as ever."""
    whole = run(tmp_path / "whole", registry, DEADLINE, [source()])
    cluster = Cluster(toy_config(tmp_path / "torn", registry, **DEADLINE), source())
    _run_to(cluster, BEFORE)
    while cluster.services["bar_feed"].bar < MISSED:
        cluster.step("bar_feed")
        cluster.clock.advance(50 * MS)
    for name in ("factor_engine", "inference_worker", "signal_cache"):
        cluster.restart(name)
    cluster.run(pass_ns=50 * MS)
    cluster.close()
    record = cluster.record()
    meanwhile = [it for it in record if BEFORE < it.bar <= MISSED]
    assert {it.bar for it in meanwhile} == set(range(BEFORE + 1, MISSED + 1))
    assert {it.status for it in meanwhile} <= {Status.HELD, Status.VOID}
    assert told(record, MISSED + 2) == told(whole, MISSED + 2)


def test_nor_is_the_last_of_the_stream_fresh(registry: Path, tmp_path: Path) -> None:
    """Nothing is announced behind it: the feed's word that nothing is open tells that it passed."""
    cut_short = ToySource(MARKET.sections[:MISSED], 4, Mode.LIVE)
    cluster = Cluster(toy_config(tmp_path, registry, **DEADLINE), cut_short)
    _run_to(cluster, BEFORE)
    feed = cluster.services["bar_feed"]
    while feed.wake_ns() is not None:
        for name in ("bar_feed", "factor_engine"):
            cluster.step(name)
        cluster.clock.advance(50 * MS)
    cluster.restart("inference_worker")
    cluster.run(pass_ns=10 * MS)
    cluster.close()
    (last,) = (it for it in cluster.record() if it.bar == MISSED)
    assert last.status in (Status.HELD, Status.VOID)
