"""Live sections: their mode goes all the way, and what cannot be complete yet, or was overtaken, is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from alphabus.codec import decode
from alphabus.messages import Alert, Mode
from alphabus.testing import day_ns
from common.errors import BarFileError
from common.market.membership import Membership
from services.bar_feed import service as feed_service
from services.bar_feed.admission import MAX_REFUSED
from services.bar_feed.quarantine import MAX_KEPT
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


@pytest.mark.parametrize(("forget", "advice"), [(None, "set feed.forget_bars,"), (2, "lower feed.forget_bars (2)")])
def test_symbols_without_a_place_stay_out_of_their_section(
    forget: int | None, advice: str, registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An early warning, then one that names them and says what to do; every section goes out without their bars."""
    monkeypatch.setattr(feed_service, "Membership", partial(Membership, most=5))
    crowd = raw_section(9, {"S0": 1.0, "X1": 1.0, "X2": 1.0})
    odd = {day_ns(9): crowd, day_ns(11): replace(crowd, time=day_ns(11), stamp=day_ns(11) - 1)}
    sections = tuple(odd.get(each.time, each) for each in LIVE.sections)
    feed = {} if forget is None else {"forget_bars": forget, "patience_bars": 60}
    cluster = Cluster(toy_config(tmp_path, registry, feed=feed), replace(LIVE, sections=sections))
    bus = cluster.services["bar_feed"].context.bus
    topic = bus.endpoints.topic("alerts", "bar_feed")
    channel = bus.transport.subscriber(bus.endpoints.live("bar_feed"), [topic])
    cluster.run()
    counters = cluster.services["bar_feed"].counters.snapshot()
    told = [decode(frames).message for frames in iter(channel.receive, None)]
    cluster.close()
    assert (counters["sections_too_many_symbols"], counters["symbols_without_place"]) == (2, 0)
    assert (counters["sections_live"], counters["symbols_tracked"]) == (14, 5)
    assert [it.time for it in cluster.record()] == [day_ns(bar) for bar in range(5, 19)]
    rows = (cluster.config.state / "quarantine" / "sections.jsonl").read_text(encoding="utf-8").splitlines()
    assert [(row["reason"], row["time"], row["symbols"], row["columns"]["close"]) for row in map(json.loads, rows)] == [
        ("too_many_symbols", day_ns(day), ["X1", "X2"], [1.0, 1.0]) for day in (9, 11)
    ]
    alerts = [alert for alert in told if isinstance(alert, Alert)]
    assert [(alert.event, alert.detail.get("such_as")) for alert in alerts] == [
        ("symbols_near_limit", None),
        ("symbols_without_place", "['X1', 'X2']"),
    ]
    assert all(alert.detail["advice"].startswith(advice) for alert in alerts)


def test_a_shortage_of_places_ends_no_feed(registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit for more sections than a feed takes refusals: it goes on to the end, and tells of it once."""
    monkeypatch.setattr(feed_service, "Membership", partial(Membership, most=1))
    sections = tuple(raw_section(bar, {"S0": 1.0, "S1": 2.0}) for bar in range(1, MAX_REFUSED + 11))
    source = ToySource(sections, 4, Mode.LIVE, day_ns(MAX_REFUSED + 11))
    cluster = Cluster(toy_config(tmp_path, registry), source)
    cluster.run()
    feed = cluster.services["bar_feed"]
    cluster.close()
    assert feed.bar == MAX_REFUSED + 10
    assert feed.counters.snapshot()["sections_too_many_symbols"] == MAX_REFUSED + 10
    kept = (cluster.config.state / "quarantine" / "sections.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(kept) == MAX_KEPT


def test_a_feed_that_starts_again_knows_how_many_have_a_place(registry: Path, tmp_path: Path) -> None:
    """Though its list of symbols does not change any more: it warns again, too, where few more find one."""
    counts = []
    for _ in range(2):
        cluster = Cluster(toy_config(tmp_path, registry), LIVE)
        cluster.run()
        counts.append(cluster.services["bar_feed"].counters.snapshot())
        cluster.close()
    first, again = counts
    assert "sections_live" not in again
    assert again["symbols_tracked"] == first["symbols_tracked"] > 0
