"""A record with a bound, and a process that was away: it finds what it needs, or is told that it does not."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from alphabus.endpoints import SERVICES
from common.market.journal import Journal, Retention
from services.bar_feed.service import BarFeed
from services.factor_engine.keeper import Keeper
from services.factor_engine.repertoire import Repertoire
from services.factor_engine.service import FactorEngine
from tests.services.cluster import MS, Cluster, toy_config, toy_registry
from tests.services.markets import toy_market

LIVE, KEEP, EVERY, AWAY = 70, 14, 10, 45
BEFORE = 25
FEED = {"pace_s": 0.02, "retention": {"max_days": 1e-9, "keep_sections": KEEP}}


@pytest.fixture(autouse=True)
def _small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """A segment a section: what a few MiB are to larger markets."""
    monkeypatch.setattr(Journal, "open", partial(Journal.open, segment_bytes=1))


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    """A paced run whose old segments go as soon as they may."""
    config = toy_config(
        tmp_path, toy_registry(tmp_path / "registry"), feed=FEED, factors={"set": "toy", "snapshot_sections": EVERY}
    )
    made = Cluster(config, toy_market(3, history=4, live=LIVE))
    made.clock.step_wall(200_000_000 * 1_000_000_000)  # every segment is old
    return made


def rounds(cluster: Cluster, count: int, *away: str) -> None:
    """Turns of all but these."""
    for _ in range(count):
        for name in SERVICES:
            if name not in away:
                cluster.step(name)
        cluster.clock.advance(20 * MS)


def feed(cluster: Cluster) -> BarFeed:
    """The feed."""
    found = cluster.services["bar_feed"]
    assert isinstance(found, BarFeed)
    return found


def assert_whole(cluster: Cluster) -> None:
    """Every replayed section has its signal on record."""
    cluster.run()
    cluster.close()
    bars = {each.bar for each in cluster.record()}
    assert bars == set(range(min(bars), 4 + LIVE + 1))
    assert min(bars) == 5


@pytest.mark.parametrize("away", ["signal_cache", "factor_engine", "inference_worker"])
def test_the_record_reaches_back_to_whoever_was_away(
    cluster: Cluster, away: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than `keep_sections`, and the engine goes on from a snapshot that is older still: nothing is missing."""
    refused: list[str] = []
    monkeypatch.setattr(Keeper, "refused", lambda _, name, __: refused.append(name))
    rounds(cluster, BEFORE)
    cluster.services[away].close()
    rounds(cluster, AWAY, away)
    journal = feed(cluster)._log.journal
    assert feed(cluster).bar - KEEP > BEFORE > journal.begins
    assert journal.begins > 1, "nothing was ever dropped"
    if away != "factor_engine":
        cluster.restart("factor_engine")
        rounds(cluster, 10, away)
    cluster.start(away)
    assert_whole(cluster)
    assert refused == []


def test_the_record_reaches_back_to_the_state_that_is_on_disk(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are level, and the engine dies before it has written a newer one: it goes on from the old one."""
    refused: list[str] = []
    monkeypatch.setattr(Keeper, "refused", lambda _, name, __: refused.append(name))
    rounds(cluster, BEFORE)
    with monkeypatch.context() as full:
        full.setattr(Keeper, "_save", no_space)
        rounds(cluster, AWAY)
        journal = feed(cluster)._log.journal
        assert feed(cluster).bar - feed(cluster)._sections_ahead() - KEEP > BEFORE >= journal.begins > 1
        cluster.services["factor_engine"].close()
    cluster.start("factor_engine")
    assert_whole(cluster)
    assert refused == []


def no_space(*_: object) -> None:
    """Nothing can be written."""
    raise OSError("no space left")


def test_a_state_the_record_no_longer_reaches_is_made_anew(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody dropped what it needs: it is told, the state is refused, and what is left of the record is applied."""
    refused, cut = list[str](), list[int]()
    monkeypatch.setattr(Keeper, "refused", lambda _, __, error: refused.append(str(error)))
    monkeypatch.setattr(Repertoire, "tell_cut", lambda _, __, bars: cut.append(bars.bar))
    rounds(cluster, BEFORE)
    cluster.services["factor_engine"].close()
    rounds(cluster, AWAY, "factor_engine")
    begins = feed(cluster).bar - 3
    feed(cluster)._log.journal.prune(Retention(max_bytes=0), begins, 0.0)
    cluster.start("factor_engine")
    cluster.run()
    engine = cluster.services["factor_engine"]
    assert isinstance(engine, FactorEngine)
    assert engine.bar == 4 + LIVE
    assert [text.endswith(f"to {begins - 1} are no longer on record") for text in refused] == [True]
    assert cut == [begins]
    assert cluster.losses.count(("factor_engine", "bar_feed", "refused")) == 1
    cluster.close()


def test_a_plan_that_rehearses_begins_with_what_is_left(cluster: Cluster) -> None:
    """Its questions were refused: it does not wait for ever for a record that was dropped."""
    rounds(cluster, BEFORE)
    engine = cluster.services["factor_engine"]
    assert isinstance(engine, FactorEngine)
    (line,) = engine._lines
    feed(cluster)._log.journal.prune(Retention(max_bytes=0), BEFORE, 0.0)
    late = engine._lines._line("late", line.desk.plan)
    late.desk.journal, late.desk.bar = line.desk.journal, 5
    engine._lines._rehearsal.add(late)
    for _ in range(60):
        rounds(cluster, 1)
        if late in tuple(engine._lines):
            break
    assert late in tuple(engine._lines)
    cluster.close()
