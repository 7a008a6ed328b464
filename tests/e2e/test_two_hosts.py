"""The pipeline on two hosts, a trading engine on a third, keys in between: cables are cut, hosts lose their power."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from alphabus.endpoints import SERVICES
from scripts.processes.kin import stat_of
from tests.e2e.harness import Bench, Ran, eventually, show
from tests.e2e.hosts import PREFIX, Host, ip, namespaces, need_hosts, network
from tests.e2e.split_pipeline import (
    CUT,
    FAR,
    FIRST,
    LAST,
    NEAR,
    PATIENCE_S,
    Line,
    assert_whole,
    bits,
    recorded,
    two_hosts,
)

pytestmark = pytest.mark.faults

DETECTED_S = 3.0
SHARE, WINDOW_S = 0.1, 3.0
LEAST_PROCESSES = 9  # honcho, three supervisors, three services, two executors


@pytest.fixture(autouse=True)
def hosts() -> None:
    """Where there can be none nothing here is run, and that is said."""
    need_hosts()


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    """The next run removes its namespaces, and leaves those of runs that go on, and everybody else's."""
    with subprocess.Popen(["true"]) as dead:
        dead.wait()
    left, alive = f"{PREFIX}{dead.pid}-near", f"{PREFIX}{os.getpid()}-mine"
    others = f"x{PREFIX}{dead.pid}-near"
    for name in (left, alive, others):
        ip("netns", "add", name)
    try:
        with network(tmp_path, "near"):
            found = set(namespaces())
        assert {left, alive, others} & found == {alive, others}
    finally:
        for name in {left, alive, others} & set(namespaces()):
            ip("netns", "del", name)


def reached(bar: int) -> Callable[[Line], bool]:
    """A section with this number or a higher one."""
    return lambda line: line.get("bar", 0) >= bar


def is_current(line: Line) -> bool:
    """The client says that all is well again."""
    return line.get("link") == "current"


def test_bits_do_not_depend_on_hosts(market: Bench, undisturbed: Ran, tmp_path: Path) -> None:
    """Split over two hosts, heard on a third: all sections, once, with the bits of a replay on one machine."""
    shown = tmp_path / "shown.jsonl"
    with two_hosts(market, tmp_path) as site, shown.open("wb") as output:
        watch = site.desk.run(["-m", "alphabus", "watch", "test", "--keys", "card", "--json"], output.fileno())
        engine = site.start()
        engine.until(recorded)
        status = site.desk.run(["-m", "alphabus", "status", "test", "--keys", "card"], subprocess.PIPE)
        table, _ = status.communicate(timeout=PATIENCE_S)
        assert watch.wait(PATIENCE_S) == 0
        assert_whole(engine, site, undisturbed)
    assert status.returncode == 0
    assert [line.split()[0] for line in table.decode().splitlines()] == ["process", *SERVICES, "arm", "champion"]
    bars = [json.loads(line)["bar"] for line in shown.read_text(encoding="utf-8").splitlines()]
    assert bars == list(range(bars[0], LAST + 1))


@pytest.mark.parametrize(("name", "service"), [("near", "bar_feed"), ("far", "inference_worker"), ("desk", "bar_feed")])
def test_a_cable_is_cut_and_mended(name: str, service: str, market: Bench, undisturbed: Ran, tmp_path: Path) -> None:
    """Nobody hangs up, nothing comes: the engine is warned within 3 s; mended, nothing is lost, nothing comes twice."""
    with two_hosts(market, tmp_path) as site:
        engine, host = site.start(), site.host(name)
        engine.until(reached(CUT))
        cut_ns = time.monotonic_ns()
        site.net.cut(host)
        warned_s = engine.warned(cut_ns)
        lost = engine.until(lambda line: line.get("lost") == service)
        site.net.mend(host)
        mended_ns = time.monotonic_ns()
        current = engine.until(is_current)
        engine.until(recorded)
        show("warned after", warned_s)
        show("connection given up after", (lost["at"] - cut_ns) / 1e9)
        show("recovered after", (current["at"] - mended_ns) / 1e9)
        assert warned_s < DETECTED_S
        assert engine.sections()[-1]["at"] > mended_ns
        assert_whole(engine, site, undisturbed)


@pytest.mark.parametrize(("name", "services"), [("near", NEAR), ("far", FAR)])
def test_a_host_loses_its_power(
    name: str, services: tuple[str, ...], market: Bench, undisturbed: Ran, tmp_path: Path
) -> None:
    """All of a host is killed, its run folder lost, and it starts again: the engine is warned, the bits are as ever."""
    with two_hosts(market, tmp_path) as site:
        engine, host = site.start(), site.host(name)
        engine.until(reached(CUT))
        killed_ns = time.monotonic_ns()
        host.lose_power()
        warned_s = engine.warned(killed_ns)
        host.launch(*services)
        started_ns = time.monotonic_ns()
        current = engine.until(is_current)
        engine.until(recorded)
        show("warned after", warned_s)
        show("recovered after", (current["at"] - started_ns) / 1e9)
        assert engine.sections()[-1]["at"] > started_ns
        assert_whole(engine, site, undisturbed)


def test_a_feed_that_is_cut_off_is_told_of_under_deadlines(market: Bench, undisturbed: Ran, tmp_path: Path) -> None:
    """What was announced is held, then the client says `stale`; once mended no section is without its signal."""
    inference = {"policy": "deadline", "deadline_ms": 120, "max_age_bars": 1000}
    with two_hosts(market, tmp_path, feed={"pace_s": 0.15}, inference=inference) as site:
        engine = site.start()
        engine.until(reached(CUT))
        site.net.cut(site.near)
        engine.until(lambda line: line.get("link") == "stale")
        site.net.mend(site.near)
        engine.until(recorded)
        heard = [line for line in engine.sections() if line["revision"] == 0]
        ran = site.record()
    assert [line["bar"] for line in heard] == list(range(FIRST, LAST + 1))
    assert "held" in {line["status"] for line in heard}
    assert ran.missing == []
    computed = {line["bar"]: line["values"] for line in engine.sections() if line["status"] in {"fresh", "late"}}
    oracle = bits(undisturbed)
    assert computed == {bar: oracle[bar] for bar in computed}
    assert max(computed) > CUT


def test_a_host_that_is_away_costs_little(market: Bench, tmp_path: Path) -> None:
    """Nobody listens there, then its cable is cut: trying again takes nobody a tenth of a processor."""
    with two_hosts(market, tmp_path) as site:
        site.far.launch(*FAR)
        for cut in (False, True):
            if cut:
                site.net.cut(site.near)
            shares = list[float]()
            eventually(lambda shares=shares: calm(site.far, shares))  # type: ignore[misc]
            show(f"busiest while near is away (cut: {cut})", 100 * shares[-1], "%")


def calm(host: Host, shares: list[float]) -> bool:
    """Whether all five are there, and none takes a tenth of a processor; adds the share of the busiest."""
    spent, began = processor_time(host), time.monotonic()
    time.sleep(WINDOW_S)  # what is measured is what happens while nothing does
    now = processor_time(host)
    took = time.monotonic() - began
    shares.append(max((now[pid] - spent[pid] for pid in now.keys() & spent.keys()), default=0.0) / took)
    return len(now) >= LEAST_PROCESSES and now.keys() == spent.keys() and shares[-1] < SHARE


def processor_time(host: Host) -> dict[int, float]:
    """Seconds each process of a host has computed so far."""
    tick = os.sysconf("SC_CLK_TCK")
    found = {pid: stat_of(pid) for pid in host.pids()}
    return {pid: (int(fields[11]) + int(fields[12])) / tick for pid, fields in found.items() if fields}
