"""A machine that slept: what was heard before is old, what runs on the monotonic clock is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from alphabus.codec import decode
from alphabus.endpoints import SERVICES
from alphabus.messages import Alert
from alphabus.sockets import Channel
from services.monitor.census import STALE_BEATS
from tests.services.cluster import MS, Cluster, said, toy_config, toy_registry
from tests.services.markets import toy_market

OTHERS = sorted(set(SERVICES) - {"monitor"})
HOUR_NS = 3_600_000 * MS
PACED: dict[str, Any] = {"feed": {"pace_s": 0.2}, "inference": {"policy": "deadline", "deadline_ms": 50}}


@contextmanager
def watched(folder: Path) -> Iterator[tuple[Cluster, Channel]]:
    """A paced pipeline in its stride, and who hears the monitor's alerts."""
    cluster = Cluster(toy_config(folder, toy_registry(folder / "registry"), **PACED), toy_market(1, live=8))
    bus = cluster.services["monitor"].context.bus
    topic = bus.endpoints.topic("alerts", "monitor")
    channel = bus.transport.subscriber(bus.endpoints.live("monitor"), [topic])
    try:
        go_on(cluster, 500)
        yield cluster, channel
    finally:
        channel.close()
        cluster.close()


def go_on(cluster: Cluster, ms: int) -> None:
    """Rounds for so long."""
    for _ in range(0, ms, 10):
        cluster.round(10 * MS)


def stale(channel: Channel) -> list[str]:
    """Whose silence was told of, since the last call."""
    heard = []
    while (frames := channel.receive()) is not None:
        message = decode(frames).message
        if isinstance(message, Alert) and message.event == "stale":
            heard.append(str(message.detail["link"]))
    return sorted(heard)


def test_everybody_is_stale_when_the_machine_wakes(tmp_path: Path) -> None:
    """Nobody is fresh by a heartbeat from before the sleep; once each has beaten again, all is well."""
    with watched(tmp_path) as (cluster, channel):
        assert stale(channel) == []
        cluster.clock.suspend(HOUR_NS)
        cluster.step("monitor")
        assert stale(channel) == OTHERS
        go_on(cluster, 2000)
        assert stale(channel) == []


@pytest.mark.parametrize("step_ns", [HOUR_NS, -HOUR_NS])
def test_a_wall_clock_that_steps_makes_nobody_stale(step_ns: int, tmp_path: Path) -> None:
    """Silence is measured by a clock that never steps."""
    with watched(tmp_path) as (cluster, channel):
        cluster.clock.step_wall(step_ns)
        go_on(cluster, 2000)
        assert stale(channel) == []


@pytest.mark.parametrize("passes", ["awake", "asleep"])
def test_three_heartbeats_are_the_limit_awake_or_asleep(passes: str, tmp_path: Path) -> None:
    """Whether time passed or was slept away: just within the limit nobody is stale, just beyond it all are."""
    with watched(tmp_path) as (cluster, channel):
        cluster.clock.advance(cluster.config.bus.heartbeat_ms * MS)  # everybody beats in the next round
        cluster.round(0)
        limit_ns = STALE_BEATS * cluster.config.bus.heartbeat_ms * MS
        pass_by = cluster.clock.advance if passes == "awake" else cluster.clock.suspend
        pass_by(limit_ns)
        cluster.step("monitor")
        assert stale(channel) == []
        pass_by(1)
        cluster.step("monitor")
        assert stale(channel) == OTHERS


def test_no_deadline_passes_while_the_machine_sleeps(tmp_path: Path) -> None:
    """However often and long it sleeps, in the middle of a section or between two: the record is the same."""
    with watched(tmp_path / "awake") as (awake, _):
        awake.run(pass_ns=10 * MS)
    with watched(tmp_path / "asleep") as (asleep, _):
        while not asleep.ended:
            asleep.clock.suspend(HOUR_NS)
            go_on(asleep, 70)
    assert "fresh" in {signals.status.value for signals in asleep.record()}
    assert [said(signals) for signals in asleep.record()] == [said(signals) for signals in awake.record()]
