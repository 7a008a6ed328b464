"""The five services on the memory bus, nothing going wrong, or one thing at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alphabus.codec import decode
from alphabus.endpoints import SERVICES
from alphabus.inlet import Inlet
from alphabus.messages import Alert, Flag, Message, Mode, Reason, Signals, Status, Universe
from alphabus.sockets import wait_on
from common.market.journal import Journal
from common.models.registry import Registry
from common.replay.results import digest_signals, read_signals
from services.inference_worker.service import InferenceWorker
from tests.services.cluster import MS, Cluster, said, toy_config, toy_registry
from tests.services.markets import ToySource, raw_section, toy_market
from tests.services.seats import Behave

SYMBOLS = ("A", "B", "C", "D")


def steady_market(live: int, *, history: int = 4, absent: dict[int, str] | None = None) -> ToySource:
    """Four symbols that all trade, but for those named absent at a bar."""
    sections = []
    for bar in range(1, history + live + 1):
        present = [symbol for symbol in SYMBOLS if symbol not in (absent or {}).get(bar, "")]
        sections.append(raw_section(bar, {symbol: 10.0 + bar + ord(symbol) for symbol in present}))
    return ToySource(tuple(sections), history)


@contextmanager
def running(cluster: Cluster) -> Iterator[Cluster]:
    """A cluster that is closed at the end."""
    try:
        yield cluster
    finally:
        cluster.close()


def statuses(cluster: Cluster) -> list[tuple[int, str, str, int]]:
    """Bar, status, reason and age of everything on record."""
    return [(it.bar, it.status.value, it.reason.value, it.age) for it in cluster.record()]


def ask(cluster: Cluster, service: str, verb: str, **arguments: int | str) -> tuple[str | None, list[Message]]:
    """Error and messages of an answer."""
    inlet = Inlet(cluster.services[service].context.bus, "test", service, [])
    question = inlet.request(verb, **arguments)
    cluster.step(service)
    inlet.receive()
    answer = inlet.answer(question)
    inlet.close()
    assert answer is not None
    return answer[0].error, [delivery.message for delivery in answer[1]]


def test_the_cache_answers_with_what_came_before_the_question(registry: Path, tmp_path: Path) -> None:
    """It stood still while the worker spoke and died: the next one must not say the same number with other values."""
    with running(Cluster(toy_config(tmp_path, registry), steady_market(6))) as cluster:
        cache = cluster.services["signal_cache"]
        while cache.bar < 5:
            cluster.round(20 * MS)
        known = cache.bar
        while cluster.services["inference_worker"].bar == known:
            for name in SERVICES:
                if name != "signal_cache":
                    cluster.step(name)
            cluster.clock.advance(20 * MS)
        error, told = ask(cluster, "signal_cache", "latest", arm="champion")
        assert error is None
        assert [it.bar for it in told if isinstance(it, Signals)] == [known + 1]
        cluster.run()


def test_every_replayed_section_is_fresh_and_on_record(registry: Path, tmp_path: Path) -> None:
    """Once each, in order, of the model on record, with values where symbols have factors; history makes none."""
    with running(Cluster(toy_config(tmp_path, registry), steady_market(6))) as cluster:
        cluster.run()
    record = cluster.record()
    assert statuses(cluster) == [(bar, "fresh", "", 0) for bar in range(5, 11)]
    assert {signals.mode for signals in record} == {Mode.REPLAY}
    assert {(signals.model.name, signals.model.version) for signals in record} == {("demo", 1)}
    assert all(np.isfinite(signals.values).all() for signals in record)
    assert all(set(signals.columns["flag"].tolist()) == {Flag.OK} for signals in record)
    with Registry(registry, clock=lambda: 0) as models:
        served = models.last_served("test", "champion")
    assert served is not None
    assert (served.name, served.version) == ("demo", 1)


def test_what_is_on_record_is_read_as_a_table(registry: Path, tmp_path: Path) -> None:
    """With the symbols each section had, also where the universe grows; the digest does not hang on how it went."""
    digests = []
    for number in range(2):
        with running(Cluster(toy_config(tmp_path / str(number), registry), toy_market(3))) as cluster:
            cluster.run(pass_ns=(number + 1) * 5 * MS)
        table = read_signals(cluster.config.state, ["champion"])
        digests.append(digest_signals(table))
        sizes = {signals.bar: len(signals.values) for signals in cluster.record()}
        assert dict(table.group_by("bar").len().iter_rows()) == sizes
    assert digests[0] == digests[1]


@pytest.mark.parametrize("service", SERVICES)
def test_any_one_may_restart_at_any_round(service: str, registry: Path, tmp_path: Path) -> None:
    """The record is that of a run without a restart."""
    with running(Cluster(toy_config(tmp_path / "calm", registry), toy_market(1))) as calm:
        calm.run()
    expected = [said(signals) for signals in calm.record()]
    for after in range(0, 20, 3):
        with running(Cluster(toy_config(tmp_path / f"{after}", registry), toy_market(1))) as cluster:
            for _ in range(after):
                cluster.round(20 * MS)
            cluster.restart(service)
            cluster.run(pass_ns=100 * MS)
        assert [said(signals) for signals in cluster.record()] == expected


def test_partial_sections_are_held(registry: Path, tmp_path: Path) -> None:
    """One symbol of four is not enough; the signal before is carried, with its age, and ends after `max_age_bars`."""
    absent = dict.fromkeys((6, 7, 8, 9), "BCD")
    config = toy_config(tmp_path, registry)
    with running(Cluster(config, steady_market(6, absent=absent))) as cluster:
        cluster.run()
    assert statuses(cluster) == [
        (5, "fresh", "", 0), (6, "held", "coverage", 1), (7, "held", "coverage", 2), (8, "void", "max_age", 3),
        (9, "void", "max_age", 4), (10, "fresh", "", 0),
    ]  # fmt: skip
    fresh, first, second, *_ = cluster.record()
    assert fresh.values.tobytes() == first.values.tobytes() == second.values.tobytes()


def stubborn(_bar: int, _attempt: int) -> str:
    """An executor that crashes at every section, as often as it is tried."""
    return "crash"


def dies_at_seven(bar: int, _attempt: int) -> str:
    """One that crashes at bar 7 for ever."""
    return "crash" if bar == 7 else "answer"


def hangs_at_seven(bar: int, _attempt: int) -> str:
    """One that hangs at bar 7 for ever."""
    return "hang" if bar == 7 else "answer"


@pytest.mark.parametrize(("behave", "reason"), [(dies_at_seven, "crash"), (hangs_at_seven, "timeout")])
def test_a_section_that_cannot_be_computed_is_held(behave: Behave, reason: str, registry: Path, tmp_path: Path) -> None:
    """After as many attempts as configured; the sections after it are fresh again."""
    config = toy_config(tmp_path, registry, inference={"hang_after_ms": 50, "attempts": 3, "max_age_bars": 2})
    with running(Cluster(config, steady_market(5), behave=behave)) as cluster:
        cluster.run()
        counters = cluster.services["inference_worker"].counters.snapshot()
    assert statuses(cluster)[2] == (7, "held", reason, 1)
    assert [status for _, status, _, _ in statuses(cluster)].count("fresh") == 4
    assert counters[f"executor_{reason}"] == 3


def test_a_model_that_never_answers_never_stops_the_stream(registry: Path, tmp_path: Path) -> None:
    """Every section says that there is nothing yet."""
    config = toy_config(tmp_path, registry, inference={"attempts": 2})
    with running(Cluster(config, steady_market(3), behave=stubborn)) as cluster:
        cluster.run()
    assert statuses(cluster) == [(bar, "void", "nothing_yet", 0) for bar in (5, 6, 7)]


DEADLINE: dict[str, Any] = {"policy": "deadline", "deadline_ms": 50, "late_until_ms": 150}


def paced(tmp_path: Path, registry: Path, live: int = 5, behave: Behave = lambda _bar, _attempt: "answer") -> Cluster:
    """A section every 200 ms, under a deadline; history is through."""
    config = toy_config(tmp_path, registry, feed={"pace_s": 0.2}, inference=DEADLINE)
    cluster = Cluster(config, steady_market(live), behave=behave)
    while cluster.services["bar_feed"].bar < 4:
        cluster.round(MS)
    return cluster


def run_without(cluster: Cluster, absent: str, until: Callable[[], bool]) -> None:
    """Rounds in which one service is stopped, as by SIGSTOP."""
    for _ in range(1000):
        if until():
            return
        for name in SERVICES:
            if name != absent:
                cluster.step(name)
        cluster.clock.advance(5 * MS)
    raise AssertionError("it never came to that")


@pytest.mark.parametrize(("absent", "reason"), [("factor_engine", Reason.NO_FACTORS), ("bar_feed", Reason.NO_BARS)])
def test_under_a_deadline_the_signal_does_not_wait(absent: str, reason: Reason, registry: Path, tmp_path: Path) -> None:
    """Whoever is stopped: what was announced is held in time and says why; then it is fresh again by itself."""
    with running(paced(tmp_path, registry)) as cluster:
        cache = cluster.services["signal_cache"]
        run_without(cluster, "nobody", lambda: cache.bar >= 6)
        run_without(cluster, absent, lambda: cache.bar >= 7)
        cluster.run(pass_ns=5 * MS)
    first = {signals.bar: signals for signals in reversed(cluster.record())}
    assert (first[7].status, first[7].reason, first[7].age) == (Status.HELD, reason, 1)
    assert set(first) == {5, 6, 7, 8, 9}
    assert first[9].status is Status.FRESH


def test_a_late_answer_is_a_revision(registry: Path, tmp_path: Path) -> None:
    """The fallback goes out at the deadline, the answer when it comes; the cache has both."""
    config = toy_config(tmp_path, registry, feed={"pace_s": 5.0}, inference=DEADLINE | {"late_until_ms": 4000})

    def behave(bar: int, _attempt: int) -> str:
        return "slow" if bar == 6 else "answer"

    with running(Cluster(config, steady_market(3), behave=behave)) as cluster:
        cluster.run(pass_ns=10 * MS)
    assert statuses(cluster) == [
        (5, "fresh", "", 0), (6, "held", "timeout", 1), (6, "late", "", 0), (7, "fresh", "", 0),
    ]  # fmt: skip


def test_latest_and_history(registry: Path, tmp_path: Path) -> None:
    """The cache answers with the symbols first; what it cannot answer it refuses, and lives on."""
    with running(Cluster(toy_config(tmp_path, registry), steady_market(6))) as cluster:
        assert ask(cluster, "signal_cache", "latest") == (None, [])
        cluster.run()
        error, (universe, latest) = ask(cluster, "signal_cache", "latest", arm="champion")
        assert error is None
        assert isinstance(universe, Universe)
        assert universe.symbols == SYMBOLS
        assert isinstance(latest, Signals)
        assert latest.bar == 10
        _, history = ask(cluster, "signal_cache", "history", **{"from": 6, "to": 8})
        assert [message.bar for message in history if isinstance(message, Signals)] == [6, 7, 8]
        assert ask(cluster, "signal_cache", "latest", arm="chmpion")[0] == "no arm 'chmpion'; there is champion"
        assert "history: from: 'x' is not a whole number" in str(
            ask(cluster, "signal_cache", "history", **{"from": "x"})[0]
        )
        assert "does not know the verb" in str(ask(cluster, "signal_cache", "dance")[0])


def test_the_monitor_counts_all(registry: Path, tmp_path: Path) -> None:
    """Sections, latencies by stage, restarts; its heartbeat carries them."""
    with running(Cluster(toy_config(tmp_path, registry), steady_market(6))) as cluster:
        for _ in range(5):
            cluster.round(300 * MS)
        cluster.restart("factor_engine")
        cluster.run()
        for _ in range(5):
            cluster.round(300 * MS)
        counters = cluster.services["monitor"].heartbeat().counters
    assert counters["signal_cache.sections_champion"] == 6
    assert counters["bar_feed.sections_replay"] == 6
    assert counters["factor_engine.restarts"] == 1
    assert "latency.total.p99" in counters


def test_silence_raises_an_alert(registry: Path, tmp_path: Path) -> None:
    """Three heartbeats missed: the monitor says whose."""
    with running(Cluster(toy_config(tmp_path, registry), steady_market(2))) as cluster:
        cluster.run()
        run_without(cluster, "nobody", lambda: cluster.clock.monotonic_ns() > 2000 * MS)
        bus = cluster.services["monitor"].context.bus
        channel = bus.transport.subscriber(bus.endpoints.live("monitor"), [bus.endpoints.topic("alerts", "monitor")])
        heard: list[Message] = []

        def told() -> bool:
            while (frames := channel.receive()) is not None:
                heard.append(decode(frames).message)
            return bool(heard)

        run_without(cluster, "factor_engine", told)
        channel.close()
    assert heard == [Alert("monitor", "warning", "stale", {"link": "factor_engine"})]


def test_with_real_children(tmp_path: Path) -> None:
    """The same with executor processes: seats start, feed and end them, and the record has the model's values."""
    registry = toy_registry(tmp_path / "registry")
    config = toy_config(tmp_path, registry, inference={"hang_after_ms": 60_000})
    cluster = Cluster(config, steady_market(3))
    cluster._makers["inference_worker"] = InferenceWorker
    cluster.restart("inference_worker")
    with running(cluster):
        for _ in range(3000):
            if cluster.ended:
                break
            wait_on(cluster.services["inference_worker"].handles(), 20 * MS)
            cluster.round(20 * MS)
    assert statuses(cluster) == [(bar, "fresh", "", 0) for bar in (5, 6, 7)]


def test_an_arm_may_want_another_set_than_the_configured(registry: Path, tmp_path: Path) -> None:
    """The engine computes what the models want, from the texts in their bundles."""
    config = toy_config(tmp_path, registry, factors={"set": "basic"})
    with running(Cluster(config, steady_market(3))) as cluster:
        cluster.run()
    assert statuses(cluster) == [(bar, "fresh", "", 0) for bar in (5, 6, 7)]


@pytest.mark.parametrize("lost", [20, 2000])
def test_a_journal_that_lost_its_tail_is_another_numbering(lost: int, registry: Path, tmp_path: Path) -> None:
    """Everyone starts over under its new id; the record so far is put aside, and the new one is whole."""
    with running(Cluster(toy_config(tmp_path / "calm", registry), toy_market(1))) as calm:
        calm.run()
    with running(Cluster(toy_config(tmp_path / "cut", registry), toy_market(1))) as cluster:
        for _ in range(12):
            cluster.round(20 * MS)
        journal = cluster.services["signal_cache"].journal
        cluster.services["bar_feed"].close()
        (segment,) = (tmp_path / "cut/state/journal").glob("*.journal")
        with segment.open("r+b") as file:
            file.truncate(segment.stat().st_size - lost)
        cluster.start("bar_feed")
        cluster.run(pass_ns=100 * MS)
    assert [said(signals) for signals in cluster.record()] == [said(signals) for signals in calm.record()]
    assert {signals.journal for signals in cluster.record()} != {journal}
    with Journal.open(tmp_path / "cut/state/signals" / f"champion.{journal.hex()}", sync="never") as aside:
        assert aside.last_bar is not None
