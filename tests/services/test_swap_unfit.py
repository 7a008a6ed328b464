"""Models that turn out to be unfit, or cannot take over: who serves instead, what is told, when it is tried again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.models.registry import Registry
from common.service import Context
from services.inference_worker.executor.child_process import Dying
from services.inference_worker.executor.exchange import Failed
from services.inference_worker.factor_links import FactorLinks
from services.inference_worker.roster.post import Post
from tests.services.cluster import MS, Cluster, promote, toy_config
from tests.services.seats import FormulaSeat, well_behaved
from tests.services.test_swap import (
    PACED,
    alerts,
    bundles,
    ears,
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

UNFIT = ["never_loads", "invalid", "crash", "hang"]


def serve_first(tmp_path: Path, registry: Path) -> None:
    """Version 1 served; at the next start the alias means 2."""
    open_seat, _ = seats()
    with paced(tmp_path / "before", registry, open_seat, live=3):
        pass
    promote(registry, 2)


@pytest.mark.parametrize("mood", UNFIT)
def test_a_model_that_is_unfit_gives_way_to_what_served_last(tmp_path: Path, registry: Path, mood: str) -> None:
    """A start with a bundle that its children refuse, or that never answers well: the one before is brought in."""
    serve_first(tmp_path, registry)
    open_seat, opened = seats(v2=mood)
    with paced(tmp_path / "after", registry, open_seat, inference=PACED | {"attempts": 2}) as cluster:
        until(cluster, lambda: station(cluster).serving.post.model.version == 1)
        cluster.restart("inference_worker")
    assert opened == ["v2", "v1", "v1"]
    record = cluster.record()
    assert record[-1].status.value == "fresh"
    assert {signals.model.version for signals in record if not signals.reason} == {1}
    assert [(it.action, it.target) for it in history(registry)] == [
        ("swap_failed", ("demo", 2)),
        ("swap", ("demo", 1)),
    ]


@pytest.mark.parametrize("mood", UNFIT)
def test_under_wait_no_section_is_lost_to_an_unfit_model(tmp_path: Path, registry: Path, mood: str) -> None:
    """Every section waits for the model before, so that each status is a function of the bars alone."""
    serve_first(tmp_path, registry)
    open_seat, _ = seats(v2=mood)
    config = toy_config(tmp_path, registry, inference={"attempts": 2})
    cluster = Cluster(config, market(8), open_seat=open_seat)
    cluster.run(pass_ns=20 * MS)
    cluster.close()
    assert versions(cluster) == [1] * 8


@pytest.mark.parametrize("mood", ["invalid", "crash", "hang"])
def test_a_model_that_fails_as_soon_as_it_serves_gives_way(tmp_path: Path, registry: Path, mood: str) -> None:
    """It passed its rehearsal, and never answered a section: the one before is still loaded, and comes back."""
    asked: list[int] = []

    def once(bar: int, _attempt: int) -> str:
        asked.append(bar)
        return "answer" if len(asked) == 1 else mood

    opened: list[int] = []

    def open_seat(post: Post, context: Context, dying: Dying) -> FormulaSeat:
        opened.append(post.model.version)
        return FormulaSeat(post, context, dying, once if post.model.version == 2 else well_behaved)

    with paced(tmp_path, registry, open_seat, live=30, inference=PACED | {"attempts": 2}) as cluster:
        listening = ears(cluster)
        until_bar(cluster, 9)
        promote(registry, 2)
        until(cluster, lambda: station(cluster).serving.post.model.version == 2)
        until(cluster, lambda: station(cluster).serving.post.model.version == 1)
        assert station(cluster).succession.before is None
    assert opened == [1, 2]
    assert "model_unfit" in [event for event, _ in alerts(listening)]
    assert {signals.model.version for signals in cluster.record()} == {1}
    assert cluster.record()[-1].status.value == "fresh"
    assert [(it.action, it.target) for it in history(registry)] == [
        ("swap", ("demo", 2)),
        ("swap_failed", ("demo", 2)),
        ("swap", ("demo", 1)),
    ]


@pytest.mark.parametrize("mood", ["invalid", "crash", "hang", "never_loads"])
def test_what_was_refused_is_tried_again_when_it_is_promoted_again(tmp_path: Path, registry: Path, mood: str) -> None:
    """Each promotion is a new word, whatever the alias meant before; each refusal has its row."""
    moods = {"v2": mood}
    bad, _ = seats(**moods)
    good, _ = seats()

    def open_seat(post: Post, context: Context, dying: Dying) -> Any:
        return (bad if moods else good)(post, context, dying)

    with paced(tmp_path, registry, open_seat, live=60) as cluster:
        until_bar(cluster, 9)
        promote(registry, 2)
        for refusals in (1, 2):
            until(cluster, lambda refusals=refusals: len(history(registry)) == refusals)  # type: ignore[misc]
            with Registry(registry, clock=lambda: 0) as models:
                models.promote("test", "champion", "demo", 2, by="ann", why="mended", again=True)
            if refusals == 1:
                continue
            moods.clear()
        until(cluster, lambda: station(cluster).serving.post.model.version == 2)
    assert [change.action for change in history(registry)] == ["swap_failed", "swap_failed", "swap"]


def test_a_candidate_whose_factors_never_come_is_refused_in_the_end(
    tmp_path: Path, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person is told at once that it waits; after its time, and three sections, the history says why it failed."""
    monkeypatch.setattr(FactorLinks, "follow", _follows_only("toy", FactorLinks.follow))
    open_seat, _ = seats()
    with paced(tmp_path, registry, open_seat, live=30, inference=PACED | {"candidate_wait_s": 1.0}) as cluster:
        listening = ears(cluster)
        until_bar(cluster, 9)
        promote(registry, 4)
        until(cluster, lambda: "candidate_waiting" in [event for event, _ in alerts(listening)])
        assert history(registry) == []
        until(cluster, lambda: len(history(registry)) == 1)
        assert station(cluster).succession.coming is None
    assert set(versions(cluster)) == {1}
    (failed,) = history(registry)
    assert (failed.action, failed.target, "did not come, after 1 s" in failed.why) == ("swap_failed", ("demo", 4), True)


def _follows_only(name: str, follow: Callable[..., None]) -> Callable[..., None]:
    """An engine that never has any other set's factors, as the worker sees it."""

    def follows(links: FactorLinks, wanted: Any, done: int) -> None:
        follow(links, [pair for pair in wanted if pair[1].startswith(name)], done)

    return follows


def test_the_loss_of_the_model_that_was_kept_is_told(tmp_path: Path, registry: Path) -> None:
    """Its child is started again; a rollback before that needs another, and nobody should wonder why."""
    open_seat, _ = seats()
    with paced(tmp_path, registry, open_seat, live=20) as cluster:
        listening = ears(cluster)
        until_bar(cluster, 9)
        promote(registry, 2)
        until(cluster, lambda: station(cluster).succession.before is not None)
        kept = station(cluster).succession.before
        assert kept is not None
        kept.seat._said.append((0, Failed(0, "crash", "killed by SIGKILL")))  # type: ignore[attr-defined]
        until_bar(cluster, 15)
        assert ("kept_model_lost", "killed by SIGKILL") in alerts(listening)
        assert kept.seat.starts == 2
    assert set(versions(cluster)) == {1, 2}
