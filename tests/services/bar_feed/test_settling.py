"""When the feed's record is synced: behind the section that was published, while the next one is made ready."""

from __future__ import annotations

from pathlib import Path

import pytest

from alphabus.messages import Announcement, Bars, Streamed
from common.market.journal import Journal
from common.message_log import MessageLog
from services.bar_feed.service import BarFeed
from tests.services.cluster import Cluster, toy_config, toy_registry
from tests.services.markets import toy_market


def test_each_section_is_settled_before_anything_follows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the turn that published it: the next section's record need not wait for a sync that has not begun."""
    done, append, settle = list[tuple[str, int]](), MessageLog.append, Journal.settle

    def appended(log: MessageLog, message: Streamed, *rest: object) -> None:
        append(log, message, *rest)  # type: ignore[arg-type]
        if isinstance(message, Bars | Announcement):
            done.append((message.kind, message.bar))

    def settled(journal: Journal) -> None:
        done.append(("settle", 0))
        settle(journal)

    cluster = Cluster(toy_config(tmp_path, toy_registry(tmp_path / "registry")), toy_market(1, live=6))
    feed = cluster.services["bar_feed"]
    assert isinstance(feed, BarFeed)
    monkeypatch.setattr(MessageLog, "append", appended)
    monkeypatch.setattr(Journal, "settle", settled)
    before = feed.bar
    while feed.bar < before + 3:
        feed.turn()
    cluster.close()
    after = [done[place + 1] for place, (kind, _) in enumerate(done) if kind == "bars"]
    assert after == [("settle", 0)] * 3
