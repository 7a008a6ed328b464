"""`python -m scripts.bench training`: from bars to a fitted LightGBM beside vnpy.alpha."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from scripts.bench.progress import Track
from scripts.bench.reporting import Bench, Chart, run
from scripts.bench.rows import Row
from scripts.bench.training_asking import ENVIRONMENTS, Cost, Peer, asked
from scripts.bench.training_chart import write_chart
from scripts.bench.training_market import Task
from scripts.command import Json

LIBRARIES = ("lightgbm", "numba", "numpy", "polars")
FULL, QUICK = Task.of(500, 1250, rounds=100), Task.of(20, 160, rounds=5)
OURS, THEIRS = "ours", "vnpy.alpha"

GOALS: Mapping[str, float] = {"dataset": 20.0, "fit": 1.0}
"""What is done -> how many times faster than vnpy is promised."""

# The first of ours reads kernels from the disk and imports LightGBM; vnpy's datasets take minutes.
ROUNDS: Mapping[tuple[str, str], int] = {
    (OURS, "dataset"): 4,
    (OURS, "fit"): 6,
    (THEIRS, "dataset"): 1,
    (THEIRS, "fit"): 6,
}


def training(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="See that it works; the figures mean little.")] = False,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a chart as HTML.")] = None,
    json_file: Json = None,
) -> None:
    """Measure training: a dataset of Alpha158 with its label and processors, and a LightGBM fit, beside vnpy.alpha's.

    Both from the same bars in memory, with the same parameters and as many threads; fits take turns. vnpy lives in an
    environment of its own; without it a row says so.
    """
    task = QUICK if quick else FULL
    run(lambda bench: measure(task, bench), LIBRARIES, json_file, Chart(plot, write_chart))


def measure(task: Task, bench: Bench) -> list[Row]:
    """Time, memory and rows learnt from, ours beside theirs."""
    task.write(bench.folder)
    costs: dict[tuple[str, str], list[Cost]] = {key: [] for key in ROUNDS}
    with ExitStack() as stack:
        sides = {name: stack.enter_context(asked(name, bench.folder)) for name in ENVIRONMENTS}
        peers = {name: side for name, side in sides.items() if isinstance(side, Peer)}
        for what in GOALS:
            _take_turns(what, peers, costs, bench.track)
        learnt = {name: peer.rows() for name, peer in peers.items()}
    missing = [Row.of(task.shape, None, "", peer=why) for why in sides.values() if isinstance(why, str)]
    rows = [row for what in GOALS for row in _rows(f"{what}, {task.shape}", what, costs)]
    return [
        *rows,
        Row.of("rows learnt from", learnt.get(OURS), "rows", peer=THEIRS, theirs=learnt.get(THEIRS)),
        *missing,
    ]


def _take_turns(
    what: str, peers: Mapping[str, Peer], costs: Mapping[tuple[str, str], list[Cost]], track: Track
) -> None:
    rounds = {name: ROUNDS[name, what] for name in peers}
    step = track(what, sum(rounds.values()))
    for turn in range(max(rounds.values())):
        for name, peer in peers.items():
            if turn < rounds[name]:
                costs[name, what].append(peer.cost(what))
                step()


def _rows(label: str, what: str, costs: Mapping[tuple[str, str], list[Cost]]) -> list[Row]:
    ours, theirs = (_typical(costs[name, what]) for name in (OURS, THEIRS))
    if ours is None or theirs is None:
        return [] if ours is None else [Row.of(label, ours.ms, "ms"), Row.of(f"{label}, memory", ours.memory_mb, "MB")]
    goal = round(theirs.ms / GOALS[what], 1)
    return [
        Row.of(label, ours.ms, "ms", peer=THEIRS, theirs=theirs.ms, goal=goal),
        Row.of(f"{label}, memory", ours.memory_mb, "MB", peer=THEIRS, theirs=theirs.memory_mb),
    ]


def _typical(costs: list[Cost]) -> Cost | None:
    """Median time without the first, unless there is but one, and the most memory."""
    if not costs:
        return None
    times = [cost.ms for cost in costs[1:] or costs]
    return Cost(round(median(times), 1), max(cost.memory_mb for cost in costs))
