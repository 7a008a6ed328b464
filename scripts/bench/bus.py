"""`python -m scripts.bench bus`: a message's way beside bare pyzmq, and what the guarantees cost from feed to cache."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from alphabus.clock import Clock
from common.allocator import keep_freed_memory
from scripts.bench.bus_chart import write_chart
from scripts.bench.bus_cost import Turns, measure_cost
from scripts.bench.bus_latency import SHAPES, measure_one_way, turns_of
from scripts.bench.bus_market import Market
from scripts.bench.bus_path import WAYS
from scripts.bench.bus_wire import WIRES, Wire
from scripts.bench.progress import Track
from scripts.bench.reporting import Chart, run
from scripts.bench.rows import Row
from scripts.command import Json

LIBRARIES = ("msgpack", "numpy", "pyzmq")
PARTS = ("latency", "path")


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: messages a size and way; symbols, factors and turns of the path."""

    messages: int
    symbols: int
    factor_set: str
    turns: Turns


FULL = Effort(300, 500, "alpha158", Turns(count=20, flood=50, single=10))
QUICK = Effort(20, 24, "basic", Turns(count=2, flood=10, single=5))


def bus(
    *,
    parts: Annotated[str, typer.Option(help=f"What to measure, by comma: {', '.join(PARTS)}; default all.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="See that it works; the figures mean little.")] = False,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a chart as HTML.")] = None,
    json_file: Json = None,
) -> None:
    """Measure the bus: one way from publisher to subscriber, and the whole path with journal and continuity or without.

    Both sides of a comparison take turns in one run, so that whatever else the machine does meets them alike.
    """
    chosen, effort = _chosen(parts), QUICK if quick else FULL
    keep_freed_memory()  # this process is the writer of the one way, and a stage does so
    run(
        lambda bench: measure(bench.folder, effort, chosen, bench.clock, bench.track),
        LIBRARIES,
        json_file,
        Chart(plot, write_chart),
    )


def measure(folder: Path, effort: Effort, parts: tuple[str, ...], clock: Clock, track: Track) -> list[Row]:
    """All rows, in the order of the documentation."""
    rows: list[Row] = []
    for number, name in enumerate(WIRES if "latency" in parts else ()):
        step = track(f"one way, {name}", len(SHAPES) * turns_of(effort.messages))
        rows += measure_one_way(Wire.make(name, folder / str(number)), effort.messages, clock, step)
    if "path" in parts:
        market = Market.make(folder, effort.symbols, effort.turns.sections, effort.factor_set)
        step = track(f"path, {market.shape}", len(WAYS) * effort.turns.count)
        rows += measure_cost(market, effort.turns, clock, step)
    return rows


def _chosen(text: str) -> tuple[str, ...]:
    wanted = [part.strip() for part in text.split(",")] if text else list(PARTS)
    if not set(wanted) <= set(PARTS):
        raise typer.BadParameter(f"there is {', '.join(PARTS)}", param_hint="--parts")
    return tuple(wanted)
