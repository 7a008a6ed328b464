"""The cache died between two arms' first sections under a new journal: one record is still of the old one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from alphabus.endpoints import SERVICES
from tests.services.cluster import MS, Cluster, said, toy_config, toy_registry
from tests.services.markets import toy_market

HALVES = {"champion": {"alias": "champion", "capital": 0.5}, "challenger": {"alias": "challenger", "capital": 0.5}}
SECTIONS = list(range(5, 13))


def pipeline(folder: Path, **tables: Any) -> Cluster:
    """Two arms and their blend on a small market."""
    config = toy_config(
        folder, toy_registry(folder / "registry"), arms=HALVES, signals={"blend": True}, feed={"credit": 1}, **tables
    )
    return Cluster(config, toy_market(1, live=8))


def until_bar(cluster: Cluster, bar: int) -> None:
    """Rounds until the cache has it of every arm."""
    for _ in range(500):
        if cluster.services["signal_cache"].bar >= bar:
            return
        cluster.round(20 * MS)
    raise AssertionError("the cache never got there")


def lose_the_tail(cluster: Cluster) -> None:
    """The feed's journal ends in the middle of a record, and so has another id when it starts again."""
    cluster.services["bar_feed"].close()
    (segment,) = (cluster.config.state / "journal").glob("*.journal")
    with segment.open("r+b") as file:
        file.truncate(segment.stat().st_size - 20)
    cluster.start("bar_feed")


@pytest.mark.parametrize("behind", HALVES)
def test_no_arm_lacks_a_section(behind: str, tmp_path: Path) -> None:
    """Whichever it is: everything is said again under the new numbering, to the bits of an undisturbed run."""
    with_calm = pipeline(tmp_path / "calm")
    with_calm.run()
    with_calm.close()
    cluster = pipeline(tmp_path / "torn")
    until_bar(cluster, 7)
    record = cluster.config.state / "signals" / behind
    shutil.copytree(record, tmp_path / "old")
    old = cluster.services["signal_cache"].journal
    lose_the_tail(cluster)
    for _ in range(500):
        if cluster.services["signal_cache"].journal != old and cluster.services["signal_cache"].bar >= 8:
            break
        cluster.round(20 * MS)
    for name in SERVICES:
        cluster.services[name].close()
    shutil.rmtree(record)
    shutil.copytree(tmp_path / "old", record)
    for put_aside in record.parent.glob(f"{behind}.*"):
        shutil.rmtree(put_aside)
    for name in SERVICES:
        cluster.start(name)
    cluster.run(pass_ns=100 * MS)
    cluster.close()
    for name in cluster.config.signal_names:
        assert [said(signals) for signals in cluster.record(name)] == [said(it) for it in with_calm.record(name)]
        assert [signals.bar for signals in cluster.record(name)] == SECTIONS
