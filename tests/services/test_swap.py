"""Models that are promoted while the pipeline runs, on the memory bus: no bar is without its signal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from alphabus.codec import decode
from alphabus.messages import Alert
from alphabus.sockets import Channel
from common.factors.sets import FactorSet
from common.models.records import Change
from common.models.registry import Registry
from common.service import Context
from services.inference_worker.crew import OpenSeat
from services.inference_worker.executor.child_process import Dying
from services.inference_worker.executor.exchange import Failed
from services.inference_worker.executor.happenings import Happened
from services.inference_worker.roster.post import Post
from services.inference_worker.station import Station
from tests.services.cluster import MS, Cluster, add_version, promote, toy_bundle, toy_config, toy_registry
from tests.services.markets import TOY_SET, ToySource, raw_section
from tests.services.seats import Behave, FormulaSeat, well_behaved

OTHER_SET = FactorSet(
    "other",
    (("return_2", "close / ts_delay(close, 2) - 1"), ("mean_5", "ts_mean(close, 5)"), ("low_rank", "cs_rank(low)")),
    TOY_SET.label,
)
HISTORY = 6
PACED: dict[str, Any] = {"policy": "deadline", "deadline_ms": 50, "late_until_ms": 150}


class NeverLoads(FormulaSeat):
    """A seat whose child refuses its bundle, each time."""

    def _ready(self, post: Post) -> Happened:
        return Failed(0, "load", f"golden outputs of {post.model.name} differ")


def always(what: str) -> Behave:
    """The same about every section."""
    return lambda _bar, _attempt: what


def seats(**moods: str) -> tuple[OpenSeat, list[str]]:
    """Seats by version (`v2="invalid"`), and a list of those that were opened."""
    opened: list[str] = []

    def open_seat(post: Post, context: Context, dying: Dying) -> FormulaSeat:
        version = f"v{post.model.version}"
        opened.append(version)
        if moods.get(version) == "never_loads":
            return NeverLoads(post, context, dying)
        return FormulaSeat(post, context, dying, always(moods[version]) if version in moods else well_behaved)

    return open_seat, opened


@pytest.fixture(scope="module")
def bundles() -> dict[str, Any]:
    """Two more models of the same factors, and one of others."""
    return {"second": toy_bundle(seed=8), "third": toy_bundle(seed=9), "other": toy_bundle(OTHER_SET, seed=10)}


@pytest.fixture
def registry(tmp_path: Path, bundles: dict[str, Any]) -> Path:
    """`demo` 1 serves; 2 and 3 are there, and 4, which wants other factors."""
    root = toy_registry(tmp_path / "registry")
    for name in ("second", "third", "other"):
        add_version(root, bundles[name])
    return root


def market(live: int) -> ToySource:
    """Four symbols that always trade."""
    bars = range(1, HISTORY + live + 1)
    closes = [{s: 10.0 + bar % 7 + ord(s) for s in "ABCD"} for bar in bars]
    return ToySource(tuple(raw_section(bar, close) for bar, close in zip(bars, closes, strict=True)), HISTORY)


@contextmanager
def paced(tmp_path: Path, registry: Path, open_seat: OpenSeat, live: int = 12, **tables: Any) -> Iterator[Cluster]:
    """A section every 200 ms under a deadline; at the end every bar has exactly one signal, or the test fails."""
    config = toy_config(tmp_path, registry, **{"feed": {"pace_s": 0.2}, "inference": PACED, **tables})
    cluster = Cluster(config, market(live), open_seat=open_seat)
    try:
        yield cluster
        cluster.run(pass_ns=5 * MS)
    finally:
        cluster.close()
    for arm in config.arms:
        first = [signals.bar for signals in cluster.record(arm) if not signals.revision]
        assert first == list(range(HISTORY + 1, HISTORY + live + 1))


def until_bar(cluster: Cluster, bar: int) -> None:
    """Rounds until the cache has this bar."""
    until(cluster, lambda: cluster.services["signal_cache"].bar >= bar)


def until(cluster: Cluster, done: Callable[[], bool]) -> None:
    """Rounds until it has come to that."""
    for _ in range(2000):
        if done():
            return
        cluster.round(5 * MS)
    raise AssertionError("it never came to that")


def versions(cluster: Cluster, arm: str = "champion") -> list[int]:
    """Which version said each bar, in order; every section is fresh, or the test fails."""
    record = cluster.record(arm)
    assert {signals.status.value for signals in record} == {"fresh"}
    return [signals.model.version for signals in record]


def history(root: Path) -> list[Change]:
    """What the worker wrote since it started."""
    with Registry(root, clock=lambda: 0) as registry:
        return [it for it in registry.history("test") if it.by == "inference_worker" and it.action != "start"]


def ears(cluster: Cluster) -> Channel:
    """Who hears the worker's alerts."""
    bus = cluster.services["inference_worker"].context.bus
    topic = bus.endpoints.topic("alerts", "inference_worker")
    return bus.transport.subscriber(bus.endpoints.live("inference_worker"), [topic])


def alerts(channel: Channel) -> list[tuple[str, str]]:
    """Event and detail of all that was told."""
    heard = []
    while (frames := channel.receive()) is not None:
        message = decode(frames).message
        assert isinstance(message, Alert)
        heard.append((message.event, message.detail.get("detail", "")))
    return heard


def station(cluster: Cluster, arm: str = "champion") -> Station:
    """An arm of the running worker."""
    worker: Any = cluster.services["inference_worker"]
    found: Station = worker._floor.stations[arm]
    return found


def test_a_promotion_takes_over_between_two_bars(tmp_path: Path, registry: Path) -> None:
    """Every section is fresh, of the one model and then of the other; it is on record from which bar on."""
    open_seat, opened = seats()
    with paced(tmp_path, registry, open_seat) as cluster:
        until_bar(cluster, 10)
        promote(registry, 2)
    said = versions(cluster)
    assert said == sorted(said)
    assert set(said[:4]) == {1}
    assert set(said[5:]) == {2}
    (swap,) = history(registry)
    assert (swap.action, swap.arm, swap.source, swap.target) == ("swap", "champion", ("demo", 1), ("demo", 2))
    with Registry(registry, clock=lambda: 0) as models:
        served = models.served_at("test", "champion", HISTORY + 12)
        before = models.served_at("test", "champion", 9)
    assert served is not None
    assert before is not None
    assert (before.version, served.version) == (1, 2)
    assert opened == ["v1", "v2"]


def test_a_rollback_is_there_with_the_next_bar(tmp_path: Path, registry: Path) -> None:
    """The model before is still loaded: no child is started for it, and no bar is waited for."""
    open_seat, opened = seats()
    with paced(tmp_path, registry, open_seat) as cluster:
        until_bar(cluster, 9)
        promote(registry, 2)
        until_bar(cluster, 12)
        with Registry(registry, clock=lambda: 0) as models:
            models.rollback("test", "champion", by="ann", why="worse")
        until(cluster, lambda: station(cluster).serving.post.model.version == 1)
        assert cluster.services["signal_cache"].bar <= 13
    said = versions(cluster)
    assert said[5] == 2
    assert set(said[7:]) == {1}
    assert opened == ["v1", "v2"]
    assert [change.action for change in history(registry)] == ["swap", "swap"]


@pytest.mark.parametrize(
    ("mood", "told"),
    [
        ("invalid", "NaN or infinity"),
        ("hang", "no answer to the last section"),
        ("crash", "as told"),
        ("never_loads", "golden outputs"),
    ],
)
def test_a_candidate_that_fails_changes_nothing(tmp_path: Path, registry: Path, mood: str, told: str) -> None:
    """The old one serves every bar; why is on the bus and in the history; a better one may follow."""
    open_seat, opened = seats(v2=mood)
    with paced(tmp_path, registry, open_seat, live=22) as cluster:
        listening = ears(cluster)
        until_bar(cluster, 9)
        promote(registry, 2)
        until(cluster, lambda: len(history(registry)) == 1)
        until_bar(cluster, 20)
        assert station(cluster).serving.post.model.version == 1
        assert opened == ["v1", "v2"]
        ((event, detail),) = [alert for alert in alerts(listening) if alert[0] == "swap_failed"]
        assert (event, told in detail) == ("swap_failed", True)
        promote(registry, 3)
        until(cluster, lambda: station(cluster).serving.post.model.version == 3)
    assert set(versions(cluster)[:13]) == {1}
    failed, swapped = history(registry)
    assert (failed.action, failed.target, told in failed.why) == ("swap_failed", ("demo", 2), True)
    assert (swapped.action, swapped.source, swapped.target) == ("swap", ("demo", 1), ("demo", 3))


def test_a_bundle_that_cannot_even_be_read_changes_nothing(tmp_path: Path, registry: Path) -> None:
    """Its manifest was edited: no child is started, and the history says from what to what."""
    open_seat, opened = seats()
    with Registry(registry, clock=lambda: 0) as models:
        path = models.folder(models.version("demo", 2).ref) / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b"demo", b"dame"))
    with paced(tmp_path, registry, open_seat) as cluster:
        until_bar(cluster, 9)
        promote(registry, 2)
    assert set(versions(cluster)) == {1}
    (failed,) = history(registry)
    assert (failed.action, failed.source, failed.target) == ("swap_failed", ("demo", 1), ("demo", 2))
    assert "digest" in failed.why
    assert opened == ["v1"]


def test_a_wish_that_cannot_serve_ends_the_one_before(tmp_path: Path, registry: Path) -> None:
    """The candidate on its way is not what the alias means any more."""
    open_seat, _ = seats(v2="hang")
    with Registry(registry, clock=lambda: 0) as models:
        path = models.folder(models.version("demo", 3).ref) / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b"demo", b"dame"))
    with paced(tmp_path, registry, open_seat) as cluster:
        until_bar(cluster, 9)
        promote(registry, 2)
        until(cluster, lambda: station(cluster).succession.coming is not None)
        promote(registry, 3)
        until(cluster, lambda: len(history(registry)) == 1)
        assert station(cluster).succession.coming is None
    assert set(versions(cluster)) == {1}


def test_another_factor_set_is_waited_for(tmp_path: Path, registry: Path) -> None:
    """The engine builds and warms it beside the old one; meanwhile nothing is missed, and then it serves."""
    open_seat, _ = seats()
    with paced(tmp_path, registry, open_seat, live=16) as cluster:
        until_bar(cluster, 9)
        promote(registry, 4)
        until(cluster, lambda: station(cluster).serving.post.factor_set == "other")
        assert station(cluster).succession.before is not None
        until_bar(cluster, cluster.services["signal_cache"].bar + 2)
        promote(registry, 1)
        until(cluster, lambda: station(cluster).serving.post.factor_set == "toy")
        promote(registry, 2)
        until(cluster, lambda: station(cluster).serving.post.model.version == 2)
    said = versions(cluster)
    assert set(said) == {1, 2, 4}
    assert said[0] == 1
    assert said[-1] == 2
    assert [change.action for change in history(registry)] == ["swap"] * 3


def test_one_plan_under_two_names_is_one(tmp_path: Path, registry: Path) -> None:
    """Whatever a set is called: nothing has to be warmed, nothing is missed when the first name is wanted no more."""
    renamed = FactorSet("renamed", TOY_SET.factors, TOY_SET.label)
    for seed in (11, 12):
        add_version(registry, toy_bundle(renamed, seed=seed))
    open_seat, _ = seats()
    with paced(tmp_path, registry, open_seat, live=20) as cluster:
        for bar, version in ((9, 5), (12, 6), (16, 5)):
            until_bar(cluster, bar)
            promote(registry, version)
            until(cluster, lambda version=version: station(cluster).serving.post.model.version == version)  # type: ignore[misc]
        worker: Any = cluster.services["inference_worker"]
        assert [topic.split("/")[2].split(".")[0] for topic in worker._factors._topics.values()] == ["renamed"]
    assert set(versions(cluster)) == {1, 5, 6}


def test_a_wish_that_changes_on_the_way_is_the_only_one(tmp_path: Path, registry: Path) -> None:
    """Whatever was on its way is let go of; back to what serves there is nothing to do."""
    open_seat, opened = seats(v2="hang")
    with paced(tmp_path, registry, open_seat) as cluster:
        until_bar(cluster, 9)
        promote(registry, 2)
        until(cluster, lambda: station(cluster).succession.coming is not None)
        promote(registry, 1)
        until(cluster, lambda: station(cluster).succession.coming is None)
        assert history(registry) == []
        promote(registry, 3)
        until(cluster, lambda: station(cluster).serving.post.model.version == 3)
    assert opened == ["v1", "v2", "v3"]
    assert len(history(registry)) == 1


def test_a_restart_finds_what_really_served(tmp_path: Path, registry: Path) -> None:
    """After a swap that failed the old one, after one that went well the new one."""
    open_seat, opened = seats(v2="invalid")
    with paced(tmp_path, registry, open_seat, live=22) as cluster:
        until_bar(cluster, 9)
        promote(registry, 2)
        until(cluster, lambda: len(history(registry)) == 1)
        cluster.restart("inference_worker")
        until_bar(cluster, 14)
        assert (station(cluster).serving.post.model.version, opened) == (1, ["v1", "v2", "v1"])
        promote(registry, 3)
        until(cluster, lambda: station(cluster).serving.post.model.version == 3)
        until_bar(cluster, 20)
        cluster.restart("inference_worker")
        until_bar(cluster, 22)
        assert opened[-1] == "v3"


@pytest.mark.parametrize("policy", ["wait", "deadline"])
def test_a_model_that_never_loads_never_stops_the_stream(tmp_path: Path, registry: Path, policy: str) -> None:
    """Nothing served before it: every section says so after a bounded number of attempts, under either policy."""
    open_seat, opened = seats(v1="never_loads")
    inference = {"policy": policy, "attempts": 3}
    config = toy_config(tmp_path, registry, inference=inference)
    cluster = Cluster(config, market(8), open_seat=open_seat)
    cluster.run(pass_ns=20 * MS)
    cluster.close()
    said = {(signals.status.value, signals.reason.value) for signals in cluster.record()}
    assert said == {("void", "nothing_yet")}
    assert opened == ["v1"]


@pytest.mark.parametrize("seed", range(4))
def test_many_promotions_under_load(tmp_path: Path, registry: Path, seed: int) -> None:
    """At random moments, of good models and of bad ones: one fresh signal a bar, of a good model."""
    dice = Random(seed)  # noqa: S311  dice, not secrets
    open_seat, _ = seats(v3="invalid")
    with paced(tmp_path, registry, open_seat, live=60) as cluster:
        for _ in range(60):
            promote(registry, dice.choice([1, 2, 3, 4]))
            for _ in range(dice.randrange(1, 40)):
                if cluster.services["signal_cache"].bar < HISTORY + 50:
                    cluster.round(5 * MS)
    said = versions(cluster)
    assert set(said) == {1, 2, 4}
    swaps = [change for change in history(registry) if change.action == "swap"]
    assert len(swaps) >= 3
    for one, two in pairwise(swaps):
        assert one.target == two.source


@pytest.mark.parametrize("seed", range(4))
def test_many_promotions_and_restarts(tmp_path: Path, registry: Path, seed: int) -> None:
    """With the worker or the engine killed in between: one signal a bar, what is computed is of a good model."""
    dice = Random(100 + seed)  # noqa: S311  dice, not secrets
    open_seat, _ = seats(v3="invalid")
    with paced(tmp_path, registry, open_seat, live=60) as cluster:
        for _ in range(40):
            promote(registry, dice.choice([1, 2, 3, 4]))
            if dice.random() < 0.2:
                cluster.restart(dice.choice(["inference_worker", "factor_engine"]))
            for _ in range(dice.randrange(1, 60)):
                if cluster.services["signal_cache"].bar < HISTORY + 50:
                    cluster.round(5 * MS)
        promote(registry, 1)
        until_bar(cluster, HISTORY + 58)
        cluster.run(pass_ns=5 * MS)
    record = cluster.record()
    assert {signals.model.version for signals in record if not signals.reason} <= {1, 2, 4}
    assert (record[-1].status.value, record[-1].model.version) == ("fresh", 1)


def test_nothing_piles_up_over_many_swaps(tmp_path: Path, registry: Path) -> None:
    """However often models change, an arm has three of them at most, and one topic for each plan they want."""
    open_seat, _ = seats()
    with paced(tmp_path, registry, open_seat, live=40) as cluster:
        worker: Any = cluster.services["inference_worker"]
        for number in range(30):
            promote(registry, (2, 4, 3, 1)[number % 4])
            until_bar(cluster, min(7 + number, HISTORY + 36))
            assert len(station(cluster).crews) <= 3
            assert len(worker._factors._topics) <= 2
            assert set(worker._factors.newest) <= set(worker._factors._topics)
            assert set(worker._board.newest_filled) <= set(worker._factors._topics)
