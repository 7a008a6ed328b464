"""From SIGKILL of the executor child to the next fresh signal."""

from alphabus.clock import Clock
from common.errors import PipelineError
from scripts.bench.processes import children_of, kill_child
from scripts.bench.progress import Step
from scripts.bench.rows import Row, counted
from scripts.bench.spread import Spread
from scripts.bench.stage import Act, Stage


def measure_recovery(stage: Stage, kills: int, clock: Clock, step: Step) -> list[Row]:
    """One kill a run: a second within the minute would wait out a longer back-off."""
    spent = []
    for number in range(kills):
        with stage.run(f"recovery-{number}") as act:
            spent.append(_recover(act, clock))
        step()
    spread = Spread.of(spent)
    what = f"kill to next fresh, {counted(kills, 'kill')}"
    return [Row.of(f"{what}, p50", spread.p50, "ms"), Row.of(f"{what}, max", spread.longest, "ms")]


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
