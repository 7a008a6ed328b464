"""Live sections: their mode goes all the way, and what cannot be complete yet, or was overtaken, is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from alphabus.codec import decode
from alphabus.messages import Alert, Mode
from alphabus.testing import day_ns
from common.errors import BarFileError
from services.bar_feed.admission import MAX_REFUSED
from services.bar_feed.alignment import Alignment
from tests.services.cluster import Cluster, toy_config
from tests.services.markets import ToySource, raw_section, toy_market

LIVE = ToySource(toy_market(2).sections, 4, Mode.LIVE, day_ns(18))


def test_signals_of_a_live_source_are_live(registry: Path, tmp_path: Path) -> None:
    """Every section that is not history, to the end."""
    cluster = Cluster(toy_config(tmp_path, registry), LIVE)
    cluster.run()
    cluster.close()
    record = cluster.record()
    assert [it.bar for it in record] == list(range(5, 19))
    assert {it.mode for it in record} == {Mode.LIVE}


def test_what_is_from_the_future_or_overtaken_is_left_out(registry: Path, tmp_path: Path) -> None:
    """Counted by reason; the bars before and after are numbered without a hole, and none of it is published."""
    odd = (raw_section(4000, {"S0": 1.0}), raw_section(6, {"S0": 9.0}))
    sections = (*LIVE.sections[:8], *odd, *LIVE.sections[8:])
    cluster = Cluster(toy_config(tmp_path, registry), replace(LIVE, sections=sections))
    cluster.run()
    counters = cluster.services["bar_feed"].counters.snapshot()
    cluster.close()
    record = cluster.record()
    rows = (cluster.config.state / "quarantine" / "sections.jsonl").read_text(encoding="utf-8").splitlines()
    kept = [json.loads(row) for row in rows]
    assert [(row["reason"], row["columns"]["close"]) for row in kept] == [
        ("from_the_future", [1.0]),
        ("out_of_order", [9.0]),
    ]
    assert (counters["sections_from_the_future"], counters["sections_out_of_order"]) == (1, 1)
    assert [(it.bar, it.time) for it in record] == [(bar, day_ns(bar)) for bar in range(5, 19)]


def test_a_source_with_a_wrong_clock_ends_loudly(registry: Path, tmp_path: Path) -> None:
    """All of it from the future: the feed says where to look instead of waiting for ever."""
    later = tuple(raw_section(bar, {"S0": 1.0}) for bar in range(100, 102 + MAX_REFUSED))
    source = ToySource(later, 0, Mode.LIVE, day_ns(18))
    with pytest.raises(BarFileError, match="look at the source's zone, unit and clock"):
        Cluster(toy_config(tmp_path, registry), source)


def test_a_section_with_too_many_symbols_is_left_out(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An early warning, then a refusal that names the new ones; what comes after is as if it had not been."""
    monkeypatch.setattr(Alignment, "most", 5)
    crowd = raw_section(9, {"S0": 1.0, "X1": 1.0, "X2": 1.0})
    sections = tuple(crowd if each.time == crowd.time else each for each in LIVE.sections)
    cluster = Cluster(toy_config(tmp_path, registry), replace(LIVE, sections=sections))
    bus = cluster.services["bar_feed"].context.bus
    topic = bus.endpoints.topic("alerts", "bar_feed")
    channel = bus.transport.subscriber(bus.endpoints.live("bar_feed"), [topic])
    cluster.run()
    counters = cluster.services["bar_feed"].counters.snapshot()
    told = [decode(frames).message for frames in iter(channel.receive, None)]
    cluster.close()
    assert (counters["sections_too_many_symbols"], counters["symbols_tracked"]) == (1, 5)
    assert [it.time for it in cluster.record()] == [day_ns(bar) for bar in range(5, 19) if bar != 9]
    assert [(alert.event, alert.detail.get("such_as")) for alert in told if isinstance(alert, Alert)] == [
        ("symbols_near_limit", None),
        ("section_refused", "['X1', 'X2']"),
    ]
