"""Promotions that come at odd moments: of a model that was on its way before, of one past its date, under a lock."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.models.registry import Registry
from services.inference_worker.roster.post import Post
from tests.services.cluster import MS, Cluster, promote
from tests.services.test_control import command
from tests.services.test_swap import (
    PACED,
    bundles,
    history,
    market,
    paced,
    registry,
    seats,
    station,
    until,
    until_bar,
    versions,
)

__all__ = ["bundles", "registry"]

DAY_NS = 86_400_000_000_000
HALVES = {"champion": {"alias": "champion", "capital": 0.5}, "challenger": {"alias": "challenger", "capital": 0.5}}


def asked(cluster: Cluster) -> bool:
    """Whether the candidate was given a section and has not answered."""
    coming = station(cluster).succession.coming
    return coming is not None and coming.candidate.is_asked


def test_a_model_that_never_answered_is_rehearsed_again(tmp_path: Path, registry: Path) -> None:
    """Promoted, taken back while its child hangs over its first section, promoted again: it never serves."""
    open_seat, opened = seats(v2="hang")
    with paced(tmp_path, registry, open_seat, live=30) as cluster:
        until_bar(cluster, 9)
        promote(registry, 2)
        until(cluster, lambda: asked(cluster))
        promote(registry, 1)
        until(cluster, lambda: station(cluster).succession.coming is None)
        assert station(cluster).succession.before is None
        promote(registry, 2)
    assert opened.count("v2") == 2
    assert set(versions(cluster)) == {1}


def test_a_model_that_was_only_warming_is_rehearsed_again(tmp_path: Path, registry: Path) -> None:
    """It wants other factors and answers nonsense; dismissed before it could, wished for again: it never serves."""
    open_seat, _ = seats(v4="invalid")
    with paced(tmp_path, registry, open_seat, live=40) as cluster:
        until_bar(cluster, 9)
        promote(registry, 4)
        until(cluster, lambda: station(cluster).succession.coming is not None)
        promote(registry, 1)
        until(cluster, lambda: station(cluster).succession.coming is None)
        promote(registry, 4)
    assert set(versions(cluster)) == {1}
    assert [change.action for change in history(registry)] == ["swap_failed"]


def test_a_model_past_its_date_does_not_take_over(
    tmp_path: Path, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that serves is younger, and serves on; the reason is on record."""
    first = market(1).sections[0].time
    made = Post.of.__func__  # type: ignore[attr-defined]  # the class method's function

    def dated(cls: type[Post], ref: Any, *arguments: Any) -> Post:
        post: Post = made(cls, ref, *arguments)
        return replace(post, model_time_ns=first - (1_000 * DAY_NS if ref.version == 2 else 0))

    monkeypatch.setattr(Post, "of", classmethod(dated))
    open_seat, _ = seats()
    limits = {"inference": PACED | {"max_model_age_days": 500}}
    with paced(tmp_path, registry, open_seat, live=20, **limits) as cluster:
        until_bar(cluster, 9)
        promote(registry, 2)
    assert set(versions(cluster)) == {1}
    (failed,) = history(registry)
    assert (failed.action, failed.why) == (
        "swap_failed",
        "its training ended longer ago than inference.max_model_age_days",
    )


def test_what_served_is_on_record_from_its_first_bar(tmp_path: Path, registry: Path) -> None:
    """Another process holds the registry through the swap and long after: every bar's model is known in the end."""
    open_seat, _ = seats()
    with paced(tmp_path, registry, open_seat, live=30) as cluster:
        until_bar(cluster, 9)
        promote(registry, 2)
        with closing(sqlite3.connect(registry / "registry.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            until(cluster, lambda: station(cluster).serving.post.model.version == 2)
            until_bar(cluster, 20)
            other.execute("ROLLBACK")
    with Registry(registry, clock=lambda: 0) as models:
        found = {signals.bar: models.served_at("test", "champion", signals.bar) for signals in cluster.record()}
    assert {bar: serving and serving.version for bar, serving in found.items()} == {
        signals.bar: signals.model.version for signals in cluster.record()
    }


def test_a_halt_under_a_lock_is_on_record_at_the_latest_when_the_worker_stops(tmp_path: Path, registry: Path) -> None:
    """The registry is free again when it stops in order; started anew, the arm is halted."""
    open_seat, _ = seats()
    with paced(tmp_path, registry, open_seat, live=20) as cluster:
        until_bar(cluster, 9)
        with closing(sqlite3.connect(registry / "registry.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            command(cluster, "halt", arm="*", why="maintenance", by="ann")
            other.execute("ROLLBACK")
        cluster.restart("inference_worker")
        for _ in range(20):
            cluster.round(5 * MS)
        assert station(cluster).arm.halted


def test_a_blend_of_arms_that_are_all_halted_is_void(tmp_path: Path, registry: Path) -> None:
    """Nobody speaks: the blend says so on the wire, bar by bar, and the worker lives on."""
    open_seat, _ = seats()
    promote(registry, 1, alias="challenger")
    tables = {"signals": {"blend": True}, "arms": HALVES}
    with paced(tmp_path, registry, open_seat, live=20, **tables) as cluster:
        until_bar(cluster, 9)
        command(cluster, "halt", arm="*", why="maintenance", by="ann")
    blend = cluster.record("blend")
    assert [signals.bar for signals in blend] == [signals.bar for signals in cluster.record()]
    assert (blend[-1].status, blend[-1].reason, blend[-1].capital) == ("void", "halted", 0.0)
