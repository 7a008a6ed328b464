"""`python -m scripts.bench factors`: our engine beside KunQuant, vnpy and polars, and what it grows with."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from alphabus.clock import Clock
from scripts.bench.factor_chart import write_chart
from scripts.bench.factor_compute import Shape, measure_compute
from scripts.bench.factor_growth import measure_growth
from scripts.bench.factor_histories import measure_histories, measure_minutes
from scripts.bench.factor_hold import measure_hold
from scripts.bench.factor_live import measure_live
from scripts.bench.factor_starts import measure_starts
from scripts.bench.progress import Track
from scripts.bench.reporting import Chart, run
from scripts.bench.rows import Row
from scripts.command import Json

LIBRARIES = ("numba", "numpy", "polars")
PARTS = ("live", "hold", "start", "history", "minutes", "compute", "growth")


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: sections of a live figure, histories, files, starts of a process, sizes of growth."""

    sections: int
    symbols: tuple[int, ...]
    days: int
    day_symbols: int
    minutes: int
    shapes: tuple[Shape, ...]
    starts: int
    growth_symbols: tuple[int, ...]
    growth_factors: tuple[int, ...]


SHAPES = (Shape(1862, 613, timedelta(days=1), members=True), Shape(24, 500_000, timedelta(minutes=1)))
FULL = Effort(
    300, (5000, 500), 1250, 500, 500_000, SHAPES, 5,
    (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000), (10, 30, 100, 158, 300),
)  # fmt: skip
QUICK = Effort(20, (500,), 150, 20, 2000, (Shape(20, 150, timedelta(days=1)),), 1, (100, 500), (10, 158))


def factors(
    *,
    parts: Annotated[str, typer.Option(help=f"What to measure, by comma: {', '.join(PARTS)}; default all.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="See that it works; the figures mean little.")] = False,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a chart as HTML.")] = None,
    json_file: Json = None,
) -> None:
    """Measure factors: a live step, a history, minutes, a start, and how cost grows; peers beside ours, in one run.

    Peers live in environments of their own; one that is not there is a row that says so.
    """
    chosen, effort = _chosen(parts), QUICK if quick else FULL
    run(
        lambda bench: measure(bench.folder, effort, chosen, bench.clock, bench.track),
        LIBRARIES,
        json_file,
        Chart(plot, write_chart),
    )


def measure(folder: Path, effort: Effort, parts: tuple[str, ...], clock: Clock, track: Track) -> list[Row]:
    """All rows, in the order of the documentation."""
    rows: list[Row] = []
    if "live" in parts:
        for symbols in effort.symbols:
            rows += measure_live(folder, symbols, effort.sections, track)
    if "hold" in parts:
        for symbols in effort.symbols:
            rows += measure_hold(folder, symbols, effort.sections, clock, track)
    if "start" in parts:
        rows += measure_starts(folder, max(effort.symbols), effort.starts, clock, track)
    if "history" in parts:
        rows += measure_histories(folder, effort.day_symbols, effort.days, track)
    if "minutes" in parts:
        rows += measure_minutes(folder, effort.minutes, track)
    if "compute" in parts:
        rows += measure_compute(folder, effort.shapes, clock, track)
    if "growth" in parts:
        rows += measure_growth(folder, effort.growth_symbols, effort.growth_factors, max(effort.symbols), track)
    return rows


def _chosen(text: str) -> tuple[str, ...]:
    wanted = [part.strip() for part in text.split(",")] if text else list(PARTS)
    if not set(wanted) <= set(PARTS):
        raise typer.BadParameter(f"there is {', '.join(PARTS)}", param_hint="--parts")
    return tuple(wanted)
