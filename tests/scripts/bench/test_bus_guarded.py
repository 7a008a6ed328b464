"""The gated cache: a section counts as kept when it is on record and the worker told, whatever is synced behind it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from alphabus.inlet import Inlet
from common.market.journal_sync import Sync
from scripts.bench import bus_guarded
from tests.services.cluster import MS, Cluster, toy_config, toy_registry
from tests.services.markets import toy_market
from tests.services.noting import note

ORDERS = {
    Sync.ALWAYS: ["synced", "told", "passed"],
    Sync.BEHIND: ["told", "passed", "synced"],
}


class Told:
    """A gate that nobody holds, and what is told of a section, in order."""

    until = 2**62

    def __init__(self, *_: object) -> None:
        self.order: list[str] = []

    def hear(self) -> None:
        """Nothing is said to it."""

    def passed(self, before: int, bar: int) -> None:
        """Of the newest section alone."""
        self.order += ["passed"] * (bar > before)


@pytest.mark.parametrize("policy", ORDERS)
def test_a_section_is_kept_before_it_is_synced_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: Sync
) -> None:
    """A sync that the worker does not wait for is none of the path's; under `always` it waits."""
    tables = {"feed": {"pace_s": 0.2, "sync": policy.value}}
    cluster = Cluster(toy_config(tmp_path, toy_registry(tmp_path / "registry"), **tables), toy_market(1, live=9))
    monkeypatch.setattr(bus_guarded, "Gate", Told)
    cluster._makers["signal_cache"] = bus_guarded.GatedCache
    cluster.restart("signal_cache")
    cache = cluster.services["signal_cache"]
    assert isinstance(cache, bus_guarded.GatedCache)
    told = cache._gate
    assert isinstance(told, Told)
    while cache.bar < 7:
        cluster.round(20 * MS)
    bar = cache.bar
    note(monkeypatch, told.order, os, "fdatasync", lambda _: "synced")
    note(monkeypatch, told.order, Inlet, "acknowledge", lambda *_: "told")
    while cache.bar == bar:
        for name in ("bar_feed", "factor_engine", "inference_worker"):
            cluster.step(name)
        told.order.clear()
        cluster.step("signal_cache")
        cluster.clock.advance(20 * MS)
    assert told.order == ORDERS[policy]
    cluster.close()
