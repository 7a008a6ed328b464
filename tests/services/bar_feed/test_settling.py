"""When the feed's record is synced: under `always` before a section is published, under `behind` when it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from alphabus.messages import Announcement, Streamed
from alphabus.outlet import Outlet
from common.market.journal_sync import Sync
from common.message_log import MessageLog
from tests.services.cluster import MS, Cluster, toy_config, toy_registry
from tests.services.markets import toy_market
from tests.services.noting import note

HISTORY = 4

ORDERS = {
    Sync.ALWAYS: "write closed bars, sync, say closed, say bars, write due, sync, say due",
    Sync.BEHIND: "write closed bars, say closed, say bars, sync, write due, say due",
    Sync.NEVER: "write closed bars, say closed, say bars, write due, say due",
}


def word(message: Streamed) -> str:
    """What stands for a message in an order of events."""
    return message.phase.value if isinstance(message, Announcement) else message.kind


@pytest.mark.parametrize("policy", ORDERS)
def test_a_section_is_written_once_and_synced_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: Sync
) -> None:
    """By the turn that publishes it; nothing is published that is not written, nor of the next bar before the sync."""
    config = toy_config(tmp_path, toy_registry(tmp_path / "registry"), feed={"sync": policy.value})
    cluster, done = Cluster(config, toy_market(1, live=6)), list[str]()
    feed = cluster.services["bar_feed"]
    while feed.bar < HISTORY + 2:  # the universe was told, and the next section is announced
        cluster.round(20 * MS)
    note(
        monkeypatch, done, MessageLog, "extend", lambda _, said: " ".join(["write", *(word(each) for each, _ in said)])
    )
    note(monkeypatch, done, os, "fdatasync", lambda _: "sync")
    note(monkeypatch, done, Outlet, "publish", lambda _, __, message, ___: f"say {word(message)}")
    feed.turn()
    assert ", ".join(done) == ORDERS[policy]
    assert feed.durable == (0 if policy is Sync.NEVER else feed.bar)
    cluster.close()
