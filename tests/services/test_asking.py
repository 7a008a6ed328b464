"""A client asks the five services for the signal of one bar: history, on record, in the making, unknown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from alphabus.client import SignalClient
from alphabus.errors import NoSectionError, RequestError
from alphabus.messages import Mode, Phase
from alphabus.testing import day_ns
from tests.services.cluster import MS, Cluster, toy_config
from tests.services.markets import toy_market

SECOND_NS = 1_000_000_000
FIRST, LAST = 5, 18
ARMS = {"champion": {"alias": "champion", "capital": 0.5}, "challenger": {"alias": "challenger", "capital": 0.5}}


def client_of(cluster: Cluster) -> SignalClient:
    """A client on the cluster's bus: when it waits, the cluster goes on."""

    def wait(handles: Sequence[object], timeout_ns: int) -> None:
        cluster.round(min(timeout_ns, 5 * MS))

    bus = cluster.services["monitor"].context.bus
    return SignalClient(
        "test", mode=Mode.REPLAY, run_dir=bus.endpoints.run_dir, transport=bus.transport, clock=bus.clock, wait=wait
    )


def test_every_bar_is_found_as_it_comes(registry: Path, tmp_path: Path) -> None:
    """Both arms, each bar before it is announced: it comes with the pipeline, and is what is on record."""
    cluster = Cluster(toy_config(tmp_path, registry, arms=ARMS), toy_market(1))
    with client_of(cluster) as client:
        found = [client.get_signal(day_ns(bar), 60 * SECOND_NS, arm) for bar in range(FIRST, LAST + 1) for arm in ARMS]
        again = [client.get_signal(day_ns(bar), 0, arm) for bar in range(FIRST, LAST + 1) for arm in ARMS]
    cluster.run()
    cluster.close()
    for place, arm in enumerate(ARMS):
        record = [(it.bar, it.values.tobytes()) for it in cluster.record(arm)]
        assert [(it.signals.bar, it.values.tobytes()) for it in found[place::2] if it] == record
        assert [(it.signals.bar, it.values.tobytes()) for it in again[place::2] if it] == record


def test_history_has_no_signal(registry: Path, tmp_path: Path) -> None:
    """The record begins with the first section that is not history."""
    cluster = Cluster(toy_config(tmp_path, registry), toy_market(1))
    cluster.run()
    with client_of(cluster) as client, pytest.raises(NoSectionError, match="the signals of 'champion' begin at"):
        client.get_signal(day_ns(FIRST - 1), 60 * SECOND_NS)
    cluster.close()


def test_an_unknown_arm_is_an_error(registry: Path, tmp_path: Path) -> None:
    """The cache knows which there are; nothing is listened to any more."""
    cluster = Cluster(toy_config(tmp_path, registry, arms=ARMS), toy_market(1))
    with client_of(cluster) as client:
        with pytest.raises(RequestError, match="no arm 'champoin'; there is champion, challenger"):
            client.get_signal(day_ns(FIRST), 60 * SECOND_NS, "champoin")
        assert client.get_signal(day_ns(FIRST), 60 * SECOND_NS, "challenger") is not None
    cluster.close()


def test_an_announced_section_is_held_with_its_number(registry: Path, tmp_path: Path) -> None:
    """Its bars do not come; the feed tells a client that came too late which section it waits for."""
    cluster = Cluster(toy_config(tmp_path, registry, feed={"pace_s": 3600.0}), toy_market(1))
    for _ in range(60):
        cluster.round(5 * MS)
    with client_of(cluster) as client:
        section = client.get_signal(day_ns(FIRST + 1), SECOND_NS)
        assert section is not None
        assert (section.signals.bar, section.signals.reason, section.signals.age) == (FIRST + 1, "wait", 1)
        announced = client._agenda.announced(day_ns(FIRST + 1))
    assert announced is not None
    assert (announced.bar, announced.phase) == (FIRST + 1, Phase.DUE)
    assert 3500 * SECOND_NS < announced.due_in_ns < 3600 * SECOND_NS
    cluster.close()
