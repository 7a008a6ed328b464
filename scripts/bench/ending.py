"""What an end takes where it is hard: a child that spins, peers that stand still, a launcher that was killed."""

import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from select import select

from alphabus.clock import Clock
from alphabus.sockets import wait_on
from common.amounts import amount
from common.errors import PipelineError
from scripts.bench.child import PATIENCE_NS, await_message
from scripts.bench.progress import Step
from scripts.bench.rows import Row
from scripts.bench.spread import Spread
from scripts.bench.stage import Act, Stage
from scripts.bench.subject import Subject
from scripts.processes.kin import children_of
from scripts.processes.pidfd import held, stopped
from services.inference_worker.executor.executor import Executor

SPIN = '[[fault]]\naction = "spin"\nbars = [1]\n'
SPUN_NS, LOOK_NS = 50_000_000, 5_000_000
REAPED_MS, GONE_MS, STOP_MS = 50.0, 1000.0, 2000.0


def measure_endings(subject: Subject, stage: Stage, times: int, clock: Clock, step: Step) -> list[Row]:
    """Each so many times, in turns; the longest counts."""
    reaped, stops, gone = [], [], []
    plan = stage.folder / "spin.toml"
    plan.write_text(SPIN, encoding="ascii")
    for number in range(times):
        reaped.append(_reap(subject, plan, clock))
        with stage.run(f"still-{number}") as act:
            stops.append(_stop_still(act, clock))
        with stage.run(f"orphaned-{number}") as act:
            gone.append(_orphan(act, clock))
        step()
    return [
        _row(f"kill and reap a spinning child, {amount(times, 'kill')}, max", reaped, REAPED_MS),
        _row(f"stop while all five stand still, {amount(times, 'stop')}, max", stops, STOP_MS),
        _row(f"none left after the launcher's SIGKILL, {amount(times, 'kill')}, max", gone, GONE_MS),
    ]


def _row(what: str, spent: list[int], goal: float) -> Row:
    return Row.of(what, Spread.of(spent).longest, "ms", goal=goal)


def _reap(subject: Subject, plan: Path, clock: Clock) -> int:
    executor = Executor.start(subject.folder, environment=os.environ, fault=plan)
    try:
        await_message(executor, clock)
        executor.submit(subject.sections[0], bar=1)
        _await_spin(executor, clock)
        killed_ns = clock.monotonic_ns()
        if not executor.kill():
            raise PipelineError(f"the executor child {executor.pid} outlived SIGKILL")
        return clock.monotonic_ns() - killed_ns
    finally:
        executor.kill()


def _await_spin(executor: Executor, clock: Clock) -> None:
    """Until it has computed for longer than it needs to read a section."""
    processor = (~executor.pid << 3) | 2  # the clock of another process, as clock_getcpuclockid(3) makes it
    spun_ns, until = time.clock_gettime_ns(processor) + SPUN_NS, clock.monotonic_ns() + PATIENCE_NS
    while time.clock_gettime_ns(processor) < spun_ns:
        if clock.monotonic_ns() > until or executor.how_it_ended() is not None:
            raise PipelineError(f"the executor child {executor.pid} does not spin")
        wait_on([executor.exit_fd()], LOOK_NS)


def _stop_still(act: Act, clock: Clock) -> int:
    """From telling the launcher until every lock is free, while all five processes stand still."""
    with ExitStack() as still:
        for supervisor in children_of(act.pipeline.launcher_pid):
            for service in children_of(supervisor):
                still.enter_context(stopped(service))
        told_ns = clock.monotonic_ns()
        act.pipeline.stop()
        return clock.monotonic_ns() - told_ns


def _orphan(act: Act, clock: Clock) -> int:
    """From SIGKILL of the launcher until supervisors, services and executors have ended."""
    launcher = act.pipeline.launcher_pid
    with ExitStack() as watched:
        descriptors = [watched.enter_context(held(pid)) for pid in _descendants(launcher)]
        killed_ns = clock.monotonic_ns()
        os.kill(launcher, signal.SIGKILL)
        for descriptor in descriptors:
            if not select([descriptor], [], [], PATIENCE_NS / 1e9)[0]:
                raise PipelineError("a process outlived the launcher by a minute")
        return clock.monotonic_ns() - killed_ns


def _descendants(pid: int) -> list[int]:
    return [found for child in children_of(pid) for found in (child, *_descendants(child))]
