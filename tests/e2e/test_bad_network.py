"""Latency, thin bandwidth and resets between two hosts: the deadline is met or the last signal held, and counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.harness import Bench, Ran, show
from tests.e2e.hosts import need_hosts
from tests.e2e.split_pipeline import FIRST, LAST, Engine, Line, Site, assert_whole, bits, recorded, two_hosts
from tests.e2e.toxics import delay, reset, thin

pytestmark = pytest.mark.faults

DEADLINE = {"policy": "deadline", "deadline_ms": 120, "max_age_bars": 1000}
RESET_EVERY = 15
THIN, HELD = 300, 10
"""The cable is thin from this bar on, until so many sections were held, or the trading engine is warned."""


@pytest.fixture(autouse=True)
def hosts() -> None:
    """Where there can be none nothing here is run, and that is said."""
    need_hosts()


def assert_on_time_or_marked(engine: Engine, site: Site, undisturbed: Ran) -> Counter[str]:
    """Each section once and in order, computed or marked; what was computed has the oracle's bits. How many of each."""
    first = [line for line in engine.sections() if line["revision"] == 0]
    ran = site.record()
    assert [line["bar"] for line in first] == list(range(FIRST, LAST + 1))
    assert ran.missing == []
    computed = {line["bar"]: line["values"] for line in engine.sections() if line["status"] in {"fresh", "late"}}
    oracle = bits(undisturbed)
    assert computed == {bar: oracle[bar] for bar in computed}
    counted = Counter(str(line["status"]) for line in first)
    assert set(counted) <= {"fresh", "held", "void"}
    # Held no longer than the arm may, and nothing before the first.
    assert {line["reason"] for line in first if line["status"] == "void"} <= {"max_age", "nothing_yet"}
    # The record tells the same: it is there that a reader counts them.
    assert counted == Counter(row["status"] for row in ran.rows if row["revision"] == 0)
    for status, sections in counted.items():
        show(status, sections, "sections")
    return counted


def held(line: Line) -> bool:
    """A section that is the one before it, marked."""
    return bool(line.get("status") == "held")


def is_warning(line: Line) -> bool:
    """The client says that something is wrong."""
    return bool(line.get("link", "current") != "current")


def test_thin_bandwidth_loses_nothing(market: Bench, undisturbed: Ran, tmp_path: Path) -> None:
    """Under `wait` all cables are thin all the while: every section once, in order, with the bits of one machine."""
    with two_hosts(market, tmp_path) as site, thin(site.net.hosts, "600kbit", "32kbit"):
        engine = site.start()
        engine.until(recorded)
        assert_whole(engine, site, undisturbed)


def test_resets_lose_nothing(market: Bench, undisturbed: Ran, tmp_path: Path) -> None:
    """Every connection of worker, cache and monitor is reset again and again: the bits are as ever."""
    resets: list[int] = []
    with two_hosts(market, tmp_path) as site:

        def until_recorded(line: Line) -> bool:
            if line.get("bar", 1) % RESET_EVERY == 0:
                resets.append(reset(site.far))
            return recorded(line)

        engine = site.start()
        engine.until(until_recorded)
        show("connections reset", sum(resets), "in all")
        assert len(resets) >= (LAST - FIRST) // RESET_EVERY
        assert all(resets)
        assert_whole(engine, site, undisturbed)


def test_thin_bandwidth_under_deadlines(market: Bench, undisturbed: Ran, tmp_path: Path) -> None:
    """What cannot come in time through a cable that is too thin is held; once there is room again sections are fresh.

    How much comes through meanwhile is the network's affair: the cable is thick again once it was seen to be thin.
    """
    with two_hosts(market, tmp_path, feed={"pace_s": 0.25}, inference=DEADLINE) as site:
        engine = site.start()
        engine.until(lambda line: line.get("bar", 0) >= THIN)
        with thin([site.near], "120kbit", "16kbit"):
            engine.until(held)
            engine.until(lambda line: is_warning(line) or sum(map(held, engine.sections())) >= HELD)
        assert engine.until(lambda line: line.get("status") == "fresh" or recorded(line)).get("bar"), (
            "never fresh again"
        )
        engine.until(recorded)
        counted = assert_on_time_or_marked(engine, site, undisturbed)
    assert counted["held"]


def test_latency_under_deadlines(market: Bench, undisturbed: Ran, tmp_path: Path) -> None:
    """Every piece of bars and factors is up to 300 ms late, at a deadline of 120: met or held, and the bits hold."""
    with two_hosts(market, tmp_path, feed={"pace_s": 0.15}, inference=DEADLINE) as site:
        delay(site, 300)
        engine = site.start()
        engine.until(recorded)
        counted = assert_on_time_or_marked(engine, site, undisturbed)
    assert counted["held"]
    assert counted["fresh"]
