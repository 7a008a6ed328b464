"""The path feed, engine, worker, cache as four processes, told how far to go; with guarantees, or without."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq

from common.errors import PipelineError
from scripts.bench.asking import ROOT, exchange
from scripts.bench.bus_market import Market
from scripts.processes.kin import children_of

POLICIES = ("behind", "interval", "always", "never")
BARE = "without guarantees"
SYNCED = "two syncs a section alone"
WAYS = (BARE, SYNCED, *POLICIES)
GATED = ("bar_feed", "signal_cache")
STAGES = ("bar_feed", "factor_engine", "inference_worker", "signal_cache")
END_S = 10.0
PATIENCE_S, LOOK_MS = 120.0, 200
LOG = "stages.log"


@dataclass(slots=True)
class Way:
    """A path that stands still until it is told to go on."""

    name: str
    stages: Mapping[str, subprocess.Popen[str]]
    log: Path
    bar: int = 0

    def go_on(self, sections: int) -> tuple[list[int], list[int]]:
        """Let so many sections through: when the feed took each up, and when the cache had it, ns."""
        first, self.bar = self.bar + 1, self.bar + sections
        for stage in GATED:
            pipe = self.stages[stage].stdin
            if pipe is None:
                raise PipelineError(f"{self.name}: no pipe to {stage}")
            pipe.write(f"{self.bar}\n")
            pipe.flush()
        taken, kept = (self._passed(stage) for stage in GATED)
        bars = [str(bar) for bar in range(first, self.bar + 1)]
        return [taken[bar] for bar in bars], [kept[bar] for bar in bars]

    def cpu_ns(self) -> int:
        """What all processes of it have computed so far, with the children that score."""
        worker = self.stages["inference_worker"].pid
        return sum(map(_cpu_ns, [*(stage.pid for stage in self.stages.values()), *children_of(worker)]))

    def say(self, stage: str, task: str) -> dict[str, Any]:
        """What a stage says next; PipelineError when one of them ends, or this one is silent for two minutes."""
        process, until = self.stages[stage], time.monotonic() + PATIENCE_S
        said = zmq.Poller()
        said.register(process.stdout, zmq.POLLIN)
        while not said.poll(LOOK_MS):
            ended = [name for name, each in self.stages.items() if each.poll() is not None]
            if ended or time.monotonic() > until:
                last = self.log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
                why = f"{' '.join(ended)} ended" if ended else f"{stage} is silent"
                raise PipelineError(f"{self.name}: cannot {task}: {why}; {last or 'nothing was said'}")
        return exchange(f"{self.name}: {stage}", process, None, task)

    def _passed(self, stage: str) -> dict[str, int]:
        passed: dict[str, int] = self.say(stage, f"let section {self.bar} pass")["passed"]
        return passed


@contextmanager
def guarded(market: Market, sync: str) -> Iterator[Way]:
    """The services as they are, journalled by a policy; only feed and cache are told how far to go."""
    config = market.config_file(sync, sync)
    with ExitStack() as held:
        stages = {name: held.enter_context(_started(_service(name), config)) for name in STAGES}
        yield Way(sync, stages, config.with_name(LOG))


@contextmanager
def bare(market: Market, *, disk: bool = False) -> Iterator[Way]:
    """The same without guarantees; or with feed and cache forcing each section to disk, and nothing else."""
    config = market.config_file("disk" if disk else "bare", "never")
    with ExitStack() as held:
        command, options = ["-m", "scripts.bench.bus_bare"], ["--disk"] * disk
        stages = {name: held.enter_context(_started([*command, name, *options], config)) for name in STAGES}
        path = Way(SYNCED if disk else BARE, stages, config.with_name(LOG))
        for name in STAGES:
            path.say(name, "join")
        yield path


def _service(name: str) -> list[str]:
    return ["-m", "scripts.bench.bus_guarded", name] if name in GATED else ["-m", f"services.{name}"]


@contextmanager
def _started(program: list[str], config: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, *program, "--config", str(config), "--parent", str(os.getpid())]
    log, pipe = config.with_name(LOG), subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (
        log.open("ab") as errors,
        subprocess.Popen(command, env=environment, text=True, stdin=pipe, stdout=pipe, stderr=errors) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _cpu_ns(pid: int) -> int:
    """Of all threads; one that ends meanwhile is not there any more."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text(encoding="ascii").split()[0]) for thread in threads)
