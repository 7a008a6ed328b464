"""`python -m scripts.bench bus`: a message's way beside bare pyzmq, and what the guarantees cost from feed to cache."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from alphabus.clock import Clock, SystemClock
from scripts.bench.bus_chart import write_chart
from scripts.bench.bus_cost import Turns, measure_cost
from scripts.bench.bus_latency import SHAPES, measure_one_way, turns_of
from scripts.bench.bus_market import Market
from scripts.bench.bus_path import WAYS
from scripts.bench.bus_wire import WIRES, Wire
from scripts.bench.machine import Machine, load_average
from scripts.bench.progress import Track, tracking
from scripts.bench.rows import Result, Row, show
from scripts.command import Json, console, report

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
    clock, load_before = SystemClock(), load_average()
    # Short, because sockets lie in it, and their paths may not be long.
    with tempfile.TemporaryDirectory(prefix="alphabus-") as folder, tracking(console()) as track:
        rows = measure(Path(folder), effort, chosen, clock, track)
    result = Result(Machine.here(clock, LIBRARIES, load_before), tuple(rows))
    show(result, console())
    if plot is not None:
        write_chart(plot, rows)
    report(json_file, result.figures())


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
