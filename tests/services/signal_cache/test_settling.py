"""When the cache's record is synced: under `behind` when nobody waits for the cache any more."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from alphabus.inlet import Inlet
from alphabus.outlet import Outlet
from common.market.journal import Journal
from common.market.journal_sync import Sync
from tests.services.cluster import MS, Cluster, toy_config, toy_registry
from tests.services.markets import toy_market
from tests.services.noting import note

ORDERS = {
    Sync.ALWAYS: ["extend", "fdatasync", "acknowledge", "serve", "beat"],
    Sync.BEHIND: ["extend", "acknowledge", "serve", "beat", "fdatasync"],
    Sync.NEVER: ["extend", "acknowledge", "serve", "beat"],
}
STEPS = ((Journal, "extend"), (os, "fdatasync"), (Inlet, "acknowledge"), (Outlet, "serve"), (Outlet, "beat"))


@pytest.mark.parametrize("policy", ORDERS)
def test_who_waits_for_the_cache_does_not_wait_for_its_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: Sync
) -> None:
    """A section is written and acknowledged, then questions are answered and a heartbeat is sent, then it is synced."""
    tables = {"feed": {"pace_s": 0.2, "sync": policy.value}}
    cluster = Cluster(toy_config(tmp_path, toy_registry(tmp_path / "registry"), **tables), toy_market(1, live=9))
    cache, worker, done = cluster.services["signal_cache"], cluster.services["inference_worker"], list[str]()
    while cache.bar < 7:
        cluster.round(20 * MS)
    while worker.bar == cache.bar:
        for name in ("bar_feed", "factor_engine", "inference_worker"):
            cluster.step(name)
        cluster.clock.advance(20 * MS)
    cluster.clock.advance(1_000 * MS)  # a heartbeat is due
    for owner, name in STEPS:
        note(monkeypatch, done, owner, name, lambda *_, name=name: name)
    cluster.step("signal_cache")
    assert (done, cache.bar) == (ORDERS[policy], worker.bar)
    cluster.close()
