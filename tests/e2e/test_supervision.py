"""Ending and dying: everything ends when told to whatever state it is in, and nothing outlives whom it belongs to."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from alphabus.client import SignalClient
from alphabus.endpoints import SERVICES
from common.exits import DONE, FINAL
from common.replay.pipeline import ROOT, Pipeline
from common.restarts import Restarts
from scripts.processes.kin import children_of, services_with
from scripts.units import render
from tests.e2e.harness import Bench, eventually, parent_of, processes_of, show, state_of, wait_until_gone

pytestmark = pytest.mark.faults

PATIENCE_S = 60.0
PATIENCE_NS = int(PATIENCE_S * 1e9)
PACE_S = 0.2


def await_signal(run_dir: Path) -> None:
    """Until a signal comes: then all five are at work."""
    with SignalClient("test", mode="replay", run_dir=run_dir) as client:
        assert client.receive(PATIENCE_NS) is not None, "the pipeline never gave a signal"


def executors_of(services: Mapping[str, int]) -> list[int]:
    """The worker's children."""
    return children_of(services["inference_worker"])


def send(number: signal.Signals, *pids: int) -> None:
    """A signal to each."""
    for pid in pids:
        os.kill(pid, number)


@contextmanager
def going_on(*pids: int) -> Iterator[None]:
    """Whatever happens within, nothing is left standing still afterwards."""
    try:
        yield
    finally:
        for pid in pids:
            if state_of(pid) == "T":
                os.kill(pid, signal.SIGCONT)


def stopped_in_order(logs: Path | None, names: Iterable[str]) -> None:
    """Each of these came to its own end, as its last line says, and no supervisor had to kill anybody."""
    assert logs is not None
    last = {name: rows_of(logs / f"{name}.jsonl")[-1]["event"] for name in names}
    assert last == dict.fromkeys(names, "stopped")
    told = logs / "supervisor.jsonl"
    assert "killed" not in {row["event"] for row in rows_of(told)}


def rows_of(log: Path) -> list[dict[str, Any]]:
    """Its lines."""
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def unit_lines(config_file: Path) -> Mapping[str, list[str]]:
    """What systemd would run for this instance, by service; with the Python that runs here."""
    places = {"root": str(ROOT), "configs": str(config_file.parent), "state": "", "user": "", "final": ""}
    found = {}
    for name in SERVICES:
        unit = render(places)[f"alphabus-{name}@.service"]
        line = unit.split("\nExecStart=")[1].splitlines()[0].replace("%i", config_file.stem)
        found[name] = [sys.executable, *shlex.split(line)[1:]]
    return found


@contextmanager
def supervised(config_file: Path, *names: str) -> Iterator[Mapping[str, subprocess.Popen[bytes]]]:
    """Services as systemd starts them, without honcho, which would end all when one ends."""
    with ExitStack() as stack:
        found = {}
        for name in names or SERVICES:
            process = subprocess.Popen(unit_lines(config_file)[name], cwd=ROOT)
            found[name] = stack.enter_context(process)
            stack.callback(process.kill)
        yield found


def test_sigterm_while_all_peers_stand_still(market: Bench, run_dir: Path) -> None:
    """One process after the other is told to end while every other is stopped: it does, by itself, in order."""
    prepared = market.prepare(feed={"pace_s": PACE_S})
    with supervised(prepared.config_file) as supervisors:
        await_signal(run_dir)
        services = services_with(prepared.config_file)
        with going_on(*services.values()):
            send(signal.SIGSTOP, *services.values())
            for name in SERVICES:
                send(signal.SIGCONT, services[name])
                began = time.monotonic()
                supervisors[name].terminate()
                supervisors[name].wait(PATIENCE_S)
                took_s = time.monotonic() - began
                show(f"{name} ended after", took_s)
                assert supervisors[name].returncode == DONE
    stopped_in_order(prepared.config.logs, SERVICES)
    assert processes_of(run_dir) == []


def test_a_worker_without_a_registry_is_not_started_again(tmp_path: Path, run_dir: Path) -> None:
    """People are to name another or train: its unit ends with what systemd leaves alone, after one life."""
    config_file = tmp_path / "test.toml"
    config_file.write_text(
        f"instance = 'test'\nstate = '{tmp_path}'\nlogs = '{tmp_path}/logs'\nregistry = '{tmp_path}/none'\n"
        "[feed.source]\nbars = 'bars.parquet'\n",
        encoding="ascii",
    )
    with supervised(config_file, "inference_worker") as supervisors:
        assert supervisors["inference_worker"].wait(PATIENCE_S) in FINAL
    said = (tmp_path / "logs" / "inference_worker.jsonl").read_text(encoding="utf-8")
    assert said.count('"event": "failed"') == 1
    assert not (tmp_path / "logs" / "supervisor.jsonl").read_bytes()
    assert processes_of(run_dir) == []


def test_a_supervisor_that_systemd_kills_leaves_nobody(tmp_path: Path, run_dir: Path) -> None:
    """SIGKILL of it, as after two seconds or for want of memory: its process ends with it, and the next one starts."""
    config_file = tmp_path / "test.toml"
    config_file.write_text(
        f"instance = 'test'\nstate = '{tmp_path}'\n[feed.source]\nbars = 'bars.parquet'\n", encoding="ascii"
    )
    for _life in range(2):
        with supervised(config_file, "monitor") as supervisors:
            eventually(lambda: "monitor" in services_with(config_file))
            monitor = services_with(config_file)["monitor"]
            send(signal.SIGKILL, supervisors["monitor"].pid)
            wait_until_gone([monitor])
    assert processes_of(run_dir) == []


@pytest.mark.parametrize("whom", ["executors", "services", "a supervisor", "all supervisors", "everybody"])
def test_sigterm_to_those_that_stand_still(whom: str, market: Bench, run_dir: Path) -> None:
    """SIGTERM to the launcher while these are stopped: everything ends, by itself, in order, and nothing is left."""
    prepared = market.prepare(feed={"pace_s": PACE_S})
    with Pipeline(prepared.config, prepared.config_file) as pipeline:
        await_signal(run_dir)
        services = services_with(prepared.config_file)
        supervisors = [parent_of(pid) for pid in services.values()]
        stopped = {
            "executors": executors_of(services),
            "services": list(services.values()),
            "a supervisor": [parent_of(services["inference_worker"])],
            "all supervisors": supervisors,
            "everybody": [*supervisors, *services.values(), *executors_of(services)],
        }[whom]
        pids = processes_of(run_dir)
        with going_on(*stopped):
            send(signal.SIGSTOP, *stopped)
            began = time.monotonic()
            send(signal.SIGTERM, pipeline.launcher_pid)
            wait_until_gone(pids)
            took_s = time.monotonic() - began
    show(f"all ended, {whom} stopped, after", took_s)
    stopped_in_order(prepared.config.logs, SERVICES)
    assert processes_of(run_dir) == []


def honcho(pipeline: Pipeline, _services: Mapping[str, int]) -> int:
    """The launcher."""
    return pipeline.launcher_pid


def a_supervisor(_pipeline: Pipeline, services: Mapping[str, int]) -> int:
    """The worker's, which has children of its own."""
    return parent_of(services["inference_worker"])


@pytest.mark.parametrize("target", [honcho, a_supervisor])
def test_nothing_outlives_a_parent(
    target: Callable[[Pipeline, Mapping[str, int]], int], market: Bench, run_dir: Path
) -> None:
    """SIGKILL of honcho or a supervisor: everything ends, and nobody is left dead without burial."""
    prepared = market.prepare(feed={"pace_s": PACE_S})
    with Pipeline(prepared.config, prepared.config_file) as pipeline:
        await_signal(run_dir)
        pids = processes_of(run_dir)
        began = time.monotonic()
        send(signal.SIGKILL, target(pipeline, services_with(prepared.config_file)))
        wait_until_gone(pids)
        show(f"all gone after the end of {target.__name__}", time.monotonic() - began)
        assert processes_of(run_dir) == []
        assert not pipeline.running
        eventually(lambda: all(state_of(pid) is None for pid in pids))


def test_a_killed_worker_leaves_neither_orphans_nor_zombies(market: Bench, run_dir: Path) -> None:
    """Its executors end with it; the next one has its own, and nobody dead hangs about anywhere."""
    prepared = market.prepare(feed={"pace_s": PACE_S})
    with Pipeline(prepared.config, prepared.config_file):
        await_signal(run_dir)
        services = services_with(prepared.config_file)
        worker, executors = services["inference_worker"], executors_of(services)
        assert executors
        began = time.monotonic()
        send(signal.SIGKILL, worker)
        wait_until_gone([worker, *executors])
        show("executors gone after the end of the worker", time.monotonic() - began)
        eventually(lambda: services_with(prepared.config_file).get("inference_worker", worker) != worker)
        await_signal(run_dir)
        successor = services_with(prepared.config_file)
        assert set(executors_of(successor)).isdisjoint(executors)
        eventually(lambda: not zombies(run_dir))
        for pid in executors_of(successor)[:1]:
            send(signal.SIGKILL, pid)
            wait_until_gone([pid])
        eventually(lambda: not zombies(run_dir))


def zombies(run_dir: Path) -> list[int]:
    """Children of the pipeline's processes that have ended and that nobody has waited for."""
    return [child for pid in processes_of(run_dir) for child in children_of(pid) if state_of(child) == "Z"]


CRASHER = """
import os, sys
sys.stderr.write("crasher: the disk is gone\\n")
sys.exit(7)
"""


def test_a_crash_loop_ends_in_a_loud_halt(tmp_path: Path, run_dir: Path) -> None:
    """Each wait is twice the one before; then the budget is spent, all ends, and what is wrong has been said."""
    (tmp_path / "crasher.py").write_text(CRASHER, encoding="ascii")
    (tmp_path / "sleeper.py").write_text("import signal; signal.pause()\n", encoding="ascii")
    config = tmp_path / "demo.toml"
    config.write_text(
        f"instance = 'demo'\nstate = '{tmp_path}'\nlogs = '{tmp_path}/logs'\n[feed.source]\nbars = 'bars.parquet'\n",
        encoding="ascii",
    )
    lines = [f"{name}: exec {sys.executable} -m common.supervisor {name}\n" for name in ("crasher", "sleeper")]
    (tmp_path / "Procfile").write_text("".join(lines), encoding="ascii")
    halted = subprocess.run(
        [sys.executable, "-m", "honcho", "start", "--no-colour", "-f", str(tmp_path / "Procfile")],
        cwd=tmp_path, check=False, capture_output=True, text=True, timeout=3 * PATIENCE_S,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}", "ALPHABUS_CONFIG": str(config)},
    )  # fmt: skip
    said = halted.stdout + halted.stderr
    log = (tmp_path / "logs" / "supervisor.jsonl").read_text(encoding="utf-8")
    rows = [row for row in map(json.loads, log.splitlines()) if row["child"] == "crasher"]
    assert halted.returncode != 0
    assert [row["restart_in_ms"] for row in rows[:-1]] == waits_ms()
    assert {row["event"] for row in rows[:-1]} == {"died"}
    assert (rows[-1]["event"], rows[-1]["status"]) == ("restart_budget_spent", 7)
    assert said.count("crasher: the disk is gone") == len(rows)
    assert "crasher died 11 times within 660 s, the last time with status 7" in said
    assert processes_of(run_dir) == []


def waits_ms() -> list[int]:
    """Of all restarts of a budget."""
    restarts = Restarts()
    found = [restarts.died(0) for _ in range(restarts.budget)]
    return [wait_ns // 1_000_000 for wait_ns in found if wait_ns is not None]
