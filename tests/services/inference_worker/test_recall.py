"""What a worker that starts learns from the cache: the last words, and those before them that the blend lacks."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alphabus.messages import Message, Signals, Universe
from common.config import Policy
from common.service import Context
from services.inference_worker.recall import MOST_BARS, PATIENCE_NS, Recall
from tests.services.cluster import Cluster, said, toy_config, toy_registry
from tests.services.seats import Behave
from tests.services.test_swap import HISTORY, market, until

HALVES = {"champion": {"alias": "champion", "capital": 0.5}, "challenger": {"alias": "challenger", "capital": 0.5}}
LATE: dict[str, Any] = {"policy": "deadline", "deadline_ms": 50, "late_until_ms": 1500}
FIRST = HISTORY + 1


def slow_at(slow: int) -> Behave:
    """One section is answered after its deadline."""
    return lambda bar, _attempt: "slow" if bar == slow else "answer"


def late_cluster(folder: Path, bar: int) -> Cluster:
    """A pipeline whose cache has the late revision of this bar as its last section."""
    config = toy_config(folder, toy_registry(folder / "registry"), feed={"pace_s": 2.0}, inference=LATE)
    it = Cluster(config, market(6), behave=slow_at(bar))
    shelves: Any = it.services["signal_cache"]
    until(it, lambda: getattr(shelves._shelves["champion"].latest, "revision", 0) == 1)
    return it


def blending(folder: Path) -> Cluster:
    """Two arms and their blend, under the policy `wait`."""
    config = toy_config(folder, toy_registry(folder / "registry"), arms=HALVES, signals={"blend": True})
    return Cluster(config, market(8))


def lose_the_blend(cluster: Cluster) -> None:
    """Nothing of it is on record, and whoever could say it again is gone."""
    cluster.services["signal_cache"].close()
    shutil.rmtree(cluster.config.state / "signals" / "blend")
    cluster.start("signal_cache")
    cluster.restart("inference_worker")


def recalled(cluster: Cluster, names: list[str]) -> list[tuple[str, Message]]:
    """What a worker that starts now is told."""
    recall = Recall(cluster.services["inference_worker"].context, names)
    heard: list[tuple[str, Message]] = []
    while recall.pending:
        heard += recall.receive()
        cluster.step("signal_cache")
    recall.close()
    return heard


def words(heard: list[tuple[str, Message]]) -> list[tuple[int, int, str]]:
    """Bar, revision and status of the sections."""
    return [(it.bar, it.revision, it.status.value) for _, it in heard if isinstance(it, Signals)]


def test_without_a_blend_the_last_word_is_enough(tmp_path: Path) -> None:
    """Each topic's, with its symbols."""
    cluster = late_cluster(tmp_path, FIRST + 1)
    heard = recalled(cluster, ["champion"])
    cluster.close()
    assert words(heard) == [(FIRST + 1, 1, "late")]
    assert isinstance(heard[0][1], Universe)


def test_a_blend_that_lost_all_its_words_says_them_again(tmp_path: Path) -> None:
    """To the bit, each bar once and in order: what its arms said is on record."""
    calm = blending(tmp_path / "calm")
    calm.run()
    calm.close()
    cluster = blending(tmp_path / "stormy")
    until(cluster, lambda: cluster.services["signal_cache"].bar >= FIRST + 4)
    lose_the_blend(cluster)
    cluster.run()
    cluster.close()
    assert [said(it) for it in cluster.record("blend")] == [said(it) for it in calm.record("blend")]


def test_only_what_the_blend_lacks_is_asked_for(tmp_path: Path) -> None:
    """Where it has spoken of all bars, nothing but the last words."""
    cluster = blending(tmp_path)
    cluster.run()
    heard = recalled(cluster, ["champion", "challenger", "blend"])
    cluster.close()
    assert words(heard) == [(FIRST + 7, 0, "fresh")] * 3


def test_a_blend_that_is_new_does_not_go_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its arms have spoken for longer than is asked for: it begins with what comes."""
    monkeypatch.setattr("services.inference_worker.recall.MOST_BARS", 2)
    assert MOST_BARS > 2
    cluster = blending(tmp_path)
    until(cluster, lambda: cluster.services["signal_cache"].bar >= FIRST + 5)
    lose_the_blend(cluster)
    cluster.run()
    cluster.close()
    assert cluster.record("blend")[0].bar >= FIRST + 5


def context_of(cluster: Cluster, policy: Policy) -> Context:
    """The worker's, under this policy."""
    context = cluster.services["inference_worker"].context
    inference = context.config.inference.model_copy(update={"policy": policy})
    return replace(context, config=context.config.model_copy(update={"inference": inference}))


@pytest.mark.parametrize("policy", Policy)
def test_patience_ends_where_time_passes(tmp_path: Path, policy: Policy) -> None:
    """A worker that waits for answers waits for the cache, too."""
    cluster = blending(tmp_path)
    recall = Recall(context_of(cluster, policy), ["champion"])
    cluster.clock.advance(PATIENCE_NS + 1)
    assert list(recall.receive()) == []
    assert recall.pending is (policy is Policy.WAIT)
    recall.close()
    cluster.close()


def test_a_cache_that_falls_silent_leaves_what_is_known(tmp_path: Path) -> None:
    """The last words, without those before them."""
    cluster = blending(tmp_path)
    until(cluster, lambda: cluster.services["signal_cache"].bar >= FIRST + 4)
    lose_the_blend(cluster)
    recall = Recall(context_of(cluster, Policy.DEADLINE), ["champion", "challenger", "blend"])
    heard: list[tuple[str, Message]] = []
    while not recall._blended and not any(question.known for question in recall._questions.values()):
        heard += recall.receive()
        cluster.step("signal_cache")
    cluster.clock.advance(PATIENCE_NS + 1)
    heard += recall.receive()
    recall.close()
    cluster.close()
    assert {name for name, _ in heard} == {"champion", "challenger"}
    assert not recall.pending
