"""From SIGKILL of the executor child to the next fresh signal, with the spare and without."""

from dataclasses import replace
from typing import Any

from alphabus.clock import Clock
from common.errors import PipelineError
from scripts.bench.processes import children_of, kill_child
from scripts.bench.progress import Step
from scripts.bench.rows import Row, counted
from scripts.bench.spread import Spread
from scripts.bench.stage import Act, Stage

SPARE_READY = '"spare_ready"'


def measure_recovery(stage: Stage, kills: int, clock: Clock, step: Step) -> list[Row]:
    """One kill a run: without a spare a second one within the minute would wait out a longer back-off."""
    rows = []
    for spare, what in ((True, "with the spare"), (False, "without")):
        spent = []
        for number in range(kills):
            with _with(stage, spare=spare).run(f"recovery-{number}-{'with' if spare else 'without'}") as act:
                if spare:
                    _await_spare(act)
                spent.append(_recover(act, clock))
            step()
        spread = Spread.of(spent)
        name = f"kill to next fresh {what}, {counted(kills, 'kill')}"
        rows += [Row.of(f"{name}, p50", spread.p50, "ms"), Row.of(f"{name}, max", spread.longest, "ms")]
    return rows


def _with(stage: Stage, *, spare: bool) -> Stage:
    values: dict[str, Any] = {**stage.values, "inference": {**stage.values["inference"], "spare": spare}}
    return replace(stage, values=values)


def _await_spare(act: Act) -> None:
    """Listen on until the worker has logged that the second child is ready."""
    if act.config.logs is None:
        raise PipelineError("the pipeline that is measured writes no logs")
    log = act.config.logs / "inference_worker.jsonl"
    while SPARE_READY not in log.read_text(encoding="utf-8"):
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
