"""What people ask of arms, and arms beside each other, on the memory bus."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alphabus.inlet import Inlet
from alphabus.messages import Signals
from alphabus.status import StatusView
from common.models.records import Change
from common.models.registry import Registry
from common.service import Context
from services.inference_worker.executor.child_process import Dying
from services.inference_worker.roster.ledger import AGAIN_NS
from services.inference_worker.roster.post import Post
from tests.services.cluster import MS, Cluster, add_version, promote, toy_bundle, toy_config, toy_registry
from tests.services.cluster import said as record
from tests.services.inference_worker.books import taken
from tests.services.seats import Behave, FormulaSeat, well_behaved
from tests.services.test_swap import HISTORY, OTHER_SET, market, until, until_bar

ARMS = {"champion": {"alias": "champion", "capital": 0.5}, "second": {"alias": "challenger", "capital": 0.5}}
DEADLINE = {"policy": "deadline", "deadline_ms": 50, "late_until_ms": 150}


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """One model; both arms serve it unless a test says otherwise."""
    return toy_registry(tmp_path / "registry")


@contextmanager
def running(
    tmp_path: Path, registry: Path, live: int = 12, behave: Behave = well_behaved, **tables: Any
) -> Iterator[Cluster]:
    """Two arms, a section every 200 ms; run to the end when the test is through. `behave` is the second arm's."""
    values = {"feed": {"pace_s": 0.2}, "inference": DEADLINE, "arms": ARMS, **tables}
    opened: list[FormulaSeat] = []

    def open_seat(post: Post, context: Context, dying: Dying) -> FormulaSeat:
        opened.append(FormulaSeat(post, context, dying, behave if len(opened) % 2 else well_behaved))
        return opened[-1]

    cluster = Cluster(toy_config(tmp_path, registry, **values), market(live), open_seat=open_seat)
    try:
        yield cluster
        cluster.run(pass_ns=5 * MS)
    finally:
        cluster.close()


def command(cluster: Cluster, verb: str, **arguments: int | str) -> str | None:
    """Ask the worker; returns what it refuses with, None when it is done."""
    inlet = Inlet(cluster.services["inference_worker"].context.bus, "test", "inference_worker", [])
    question = inlet.request(verb, **arguments)
    cluster.step("inference_worker")
    inlet.receive()
    answer = inlet.answer(question)
    inlet.close()
    assert answer is not None
    return answer[0].error


def said(cluster: Cluster, arm: str) -> dict[int, tuple[str, str]]:
    """Status and reason of each bar, as first said."""
    return {it.bar: (it.status.value, it.reason.value) for it in reversed(cluster.record(arm))}


def events(root: Path) -> list[Change]:
    """What was asked of arms, as it is on record."""
    with Registry(root, clock=lambda: 0) as registry:
        return [it for it in registry.history("test") if it.arm is not None and it.action != "start"]


def test_halt_and_resume(tmp_path: Path, registry: Path) -> None:
    """The arm says `void (halted)` from then on, the other is not touched; both orders are on record."""
    with running(tmp_path, registry) as cluster:
        until_bar(cluster, 9)
        assert command(cluster, "halt", arm="second", why="odd orders", by="ann") is None
        until_bar(cluster, 13)
        assert command(cluster, "resume", arm="second", why="all is well", by="bob") is None
    halted = [bar for bar, what in said(cluster, "second").items() if what == ("void", "halted")]
    assert {11, 12, 13} <= set(halted) <= {10, 11, 12, 13, 14}
    assert said(cluster, "second")[HISTORY + 12] == ("fresh", "")
    assert set(said(cluster, "champion").values()) == {("fresh", "")}
    assert [(it.action, it.arm, it.by, it.why) for it in events(registry)] == [
        ("halt", "second", "ann", "odd orders"),
        ("resume", "second", "bob", "all is well"),
    ]


def test_a_halt_is_heard_before_the_next_bar_is_due(tmp_path: Path, registry: Path) -> None:
    """What was announced is void at once, long before its deadline and though nothing came of it yet."""
    with running(tmp_path, registry, 4, feed={"pace_s": 2.0}, inference=DEADLINE | {"deadline_ms": 1900}) as cluster:
        until_bar(cluster, 8)
        before = cluster.clock.monotonic_ns()
        command(cluster, "halt", arm="champion", why="now", by="ann")
        until(cluster, lambda: cluster.services["inference_worker"].counters.snapshot().get("signals_void", 0) == 1)
        assert cluster.clock.monotonic_ns() - before < 100 * MS


def test_a_halt_survives_a_restart(tmp_path: Path, registry: Path) -> None:
    """The worker finds it in the registry, says so, and goes on being silent."""
    with running(tmp_path, registry) as cluster:
        until_bar(cluster, 9)
        assert command(cluster, "halt", arm="*", why="fire drill", by="ann") is None
        cluster.restart("inference_worker")
        until_bar(cluster, 14)
        assert cluster.services["inference_worker"].counters.snapshot()["arm_halted"] == 2
        command(cluster, "resume", arm="champion", why="over", by="ann")
    for arm in ARMS:
        assert all(said(cluster, arm)[bar] == ("void", "halted") for bar in (11, 12, 13, 14))
    assert said(cluster, "champion")[HISTORY + 12] == ("fresh", "")
    assert said(cluster, "second")[HISTORY + 12] == ("void", "halted")


def test_a_breaker_is_opened_and_closed_by_hand(tmp_path: Path, registry: Path) -> None:
    """Open, the previous signal is held for this reason, over a restart as well; closed, sections are scored again."""
    with running(tmp_path, registry, live=16, inference=DEADLINE | {"max_age_bars": 20}) as cluster:
        until_bar(cluster, 9)
        assert command(cluster, "open", arm="second", why="drill", by="ann") is None
        until_bar(cluster, 12)
        cluster.restart("inference_worker")
        until_bar(cluster, 15)
        assert command(cluster, "close", arm="second", why="drill over", by="ann") is None
    what = said(cluster, "second")
    assert all(what[bar] == ("held", "breaker_open") for bar in (11, 12, 14, 15))
    assert what[HISTORY + 16] == ("fresh", "")


@pytest.mark.parametrize(
    ("verb", "arguments", "told"),
    [
        ("halt", {"arm": "chmpion", "why": "x", "by": "ann"}, "no arm 'chmpion'; did you mean 'champion'?"),
        ("halt", {"arm": "xyz", "why": "x", "by": "ann"}, "there is champion, second, or * for all"),
        ("halt", {"arm": "second", "by": "ann"}, "needs a why"),
        ("halt", {"arm": "second", "why": "  ", "by": "ann"}, "needs a why"),
        ("resume", {"arm": 5, "why": "x", "by": "ann"}, "all of them text"),
        ("explode", {"arm": "second", "why": "x", "by": "ann"}, "does not know the verb 'explode'"),
    ],
)
def test_an_order_that_cannot_be_read_changes_nothing(
    tmp_path: Path, registry: Path, verb: str, arguments: dict[str, Any], told: str
) -> None:
    """It is refused with what would be right."""
    with running(tmp_path, registry, live=3) as cluster:
        refusal = command(cluster, verb, **arguments)
        assert refusal is not None
        assert told in refusal
    assert events(registry) == []
    assert set(said(cluster, "second").values()) == {("fresh", "")}


def test_a_halt_does_not_wait_for_the_registry(tmp_path: Path, registry: Path) -> None:
    """It is done at once, and on file until it gets there; where it is on neither the reply says so."""
    with running(tmp_path, registry) as cluster:
        until_bar(cluster, 9)
        with closing(sqlite3.connect(registry / "registry.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with taken(cluster.config.state / "inference_worker"):
                refusal = command(cluster, "halt", arm="champion", why="now", by="ann")
            assert refusal is not None
            assert "done, but not on record yet, and a restart would forget it" in refusal
            assert command(cluster, "resume", arm="champion", why="now", by="ann") is None
            assert command(cluster, "halt", arm="second", why="now", by="ann") is None
            assert events(registry) == []
            other.execute("COMMIT")
        cluster.clock.advance(AGAIN_NS)
        cluster.round(MS)
        assert [change.action for change in events(registry)] == ["halt", "resume", "halt"]
    assert said(cluster, "second")[13] == ("void", "halted")


@pytest.mark.parametrize("behave", ["hang", "crash", "invalid", "slow"])
def test_an_arm_in_trouble_delays_no_other(tmp_path: Path, registry: Path, behave: str) -> None:
    """Every section of the healthy arm is fresh; those of the other are held or void, in time."""
    with running(tmp_path, registry, behave=lambda _bar, _attempt: behave) as cluster:
        pass
    assert set(said(cluster, "champion").values()) == {("fresh", "")}
    assert set(said(cluster, "champion")) == set(said(cluster, "second"))
    assert "fresh" not in {status for status, _ in said(cluster, "second").values()}
    assert {it.capital for it in cluster.record("champion")} == {0.5}


def test_arms_of_different_plans(tmp_path: Path, registry: Path) -> None:
    """Each is scored on its own factors, and both are fresh."""
    ref = add_version(registry, toy_bundle(OTHER_SET, seed=11))
    promote(registry, ref.version, "challenger")
    with running(tmp_path, registry) as cluster:
        pass
    for arm, version in (("champion", 1), ("second", 2)):
        assert set(said(cluster, arm).values()) == {("fresh", "")}
        assert {it.model.version for it in cluster.record(arm)} == {version}


def test_the_blend_has_a_topic_of_its_own(tmp_path: Path, registry: Path) -> None:
    """One section a bar of all arms with capital, on record like any other; also over a restart."""
    with running(tmp_path, registry, signals={"blend": True}) as cluster:
        until_bar(cluster, 10)
        cluster.restart("inference_worker")
    blended = cluster.record("blend")
    assert [it.bar for it in blended] == list(range(HISTORY + 1, HISTORY + 13))
    assert {(it.status.value, it.arm, it.model.name) for it in blended} == {("fresh", "blend", "blend")}
    by_bar: dict[int, Signals] = {it.bar: it for it in cluster.record("champion")}
    for it in blended:  # both arms serve the same model: the blend's order is theirs
        np.testing.assert_array_equal(np.argsort(it.values), np.argsort(by_bar[it.bar].values))


@pytest.mark.parametrize("service", ["inference_worker", "signal_cache"])
def test_the_blend_is_whole_whenever_its_worker_restarts(tmp_path: Path, registry: Path, service: str) -> None:
    """Under `wait`, at any round: the record is that of a run without a restart, to the bit."""
    tables: dict[str, Any] = {"signals": {"blend": True}, "feed": {}, "inference": {"policy": "wait"}}
    with running(tmp_path / "calm", registry, 5, **tables) as calm:
        pass
    expected = [record(signals) for signals in calm.record("blend")]
    assert len(expected) == 5
    for after in range(0, 30, 3):
        with running(tmp_path / f"{after}", registry, 5, **tables) as cluster:
            for _ in range(after):
                cluster.round(5 * MS)
            cluster.restart(service)
        assert [record(signals) for signals in cluster.record("blend")] == expected


@pytest.mark.parametrize(
    ("verb", "undone", "event"),
    [("halt", "resume", "arm_halted"), ("open", "close", "breaker_forced_open")],
)
def test_an_order_that_changes_nothing_is_no_event(
    verb: str, undone: str, event: str, tmp_path: Path, registry: Path
) -> None:
    """A second halt is on record like the first, and told once, as with the breaker; so is a second resume."""
    with running(tmp_path, registry) as cluster:
        until_bar(cluster, HISTORY + 2)
        for each in (verb, verb, undone, undone, verb):
            assert command(cluster, each, arm="second", why="a drill") is None
        counted = cluster.services["inference_worker"].counters.snapshot()
    assert counted[event] == 2
    assert counted.get("arm_resumed", 1) == 1
    assert [row.action for row in events(registry)] == [verb, verb, undone, undone, verb]


def test_the_status_says_how_each_arm_is(tmp_path: Path, registry: Path) -> None:
    """At once and without a section in between: halted, forced open, both, free again."""
    with running(tmp_path, registry) as cluster:
        bus = cluster.services["inference_worker"].context.bus
        until_bar(cluster, HISTORY + 2)

        def state() -> object:
            view = StatusView(bus, "inference_worker", lambda _handles, _ns: cluster.step("inference_worker"))
            found = view.look(1000 * MS)
            view.close()
            return found and found.arms

        assert state() == {"champion": "free", "second": "free"}
        for verb, expected in (
            ("halt", "halted"), ("open", "halted, breaker forced_open"), ("resume", "breaker forced_open"),
            ("close", "free"),
        ):  # fmt: skip
            assert command(cluster, verb, arm="second", why="a drill") is None
            assert state() == {"champion": "free", "second": expected}
