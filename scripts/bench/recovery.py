"""From SIGKILL of the executor child to the next fresh signal, with the spare and without; what a stop takes."""

from dataclasses import replace
from typing import Any

from alphabus.clock import Clock
from common.amounts import amount
from common.errors import PipelineError
from scripts.bench.progress import Step
from scripts.bench.rows import Row
from scripts.bench.spread import Spread
from scripts.bench.stage import Act, Stage
from scripts.processes.kin import children_of
from scripts.processes.pidfd import kill_child

STOP_MS = 2000.0


def measure_recovery(stage: Stage, kills: int, clock: Clock, step: Step) -> list[Row]:
    """One kill a run: without a spare a second one within the minute would wait out a longer back-off."""
    rows, stops = [], []
    for spare, what in ((True, "with the spare"), (False, "without")):
        spent = []
        for number in range(kills):
            with _with(stage, spare=spare).run(f"recovery-{number}-{'with' if spare else 'without'}") as act:
                if spare:
                    _await_spare(act)
                spent.append(_recover(act, clock))
                stops.append(_stop(act, clock))
            step()
        rows += _rows(f"kill to next fresh {what}, {amount(kills, 'kill')}", spent)
    return rows + _rows(f"stop until nothing is left, {amount(len(stops), 'stop')}", stops, goal=STOP_MS)


def _rows(what: str, spent: list[int], goal: float | None = None) -> list[Row]:
    spread = Spread.of(spent)
    return [Row.of(f"{what}, p50", spread.p50, "ms"), Row.of(f"{what}, max", spread.longest, "ms", goal=goal)]


def _stop(act: Act, clock: Clock) -> int:
    """From telling the launcher until every lock is free: the way of Ctrl-C."""
    told_ns = clock.monotonic_ns()
    act.pipeline.stop()
    return clock.monotonic_ns() - told_ns


def _with(stage: Stage, *, spare: bool) -> Stage:
    values: dict[str, Any] = {**stage.values, "inference": {**stage.values["inference"], "spare": spare}}
    return replace(stage, values=values)


def _await_spare(act: Act) -> None:
    """Listen on until the worker has logged that the second child is ready."""
    while not act.logged("inference_worker", "spare_ready"):
        act.listener.next_fresh()


def _recover(act: Act, clock: Clock) -> int:
    worker = act.pid("inference_worker")
    children = children_of(worker)
    if not children:
        raise PipelineError("the inference worker has no child; it died before it could be killed")
    # Right after a signal nothing is under way: the next fresh one is another child's.
    act.listener.next_fresh(clock.wall_ns())
    killed_ns = clock.wall_ns()
    # The oldest: whoever waits in reserve was started later.
    kill_child(children[0], worker)
    return act.listener.next_fresh(killed_ns) - killed_ns
