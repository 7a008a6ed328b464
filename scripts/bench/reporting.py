"""A benchmark from its start to its report: the machine, rows for people, a chart if one is asked for, JSON."""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from alphabus.clock import Clock, SystemClock
from scripts.bench.machine import Machine, load_average
from scripts.bench.progress import Track, tracking
from scripts.bench.rows import Result, Row, show
from scripts.command import console, report
from scripts.outputs import check_outputs, writing


@dataclass(frozen=True, slots=True)
class Bench:
    """What a benchmark is given: a folder that is removed after it, a clock, and bars of progress."""

    folder: Path
    clock: Clock
    track: Track


@dataclass(frozen=True, slots=True)
class Chart:
    """How a chart of the rows is written, and where to; nowhere for None."""

    path: Path | None
    write: Callable[[Path, Sequence[Row]], None]


def run(
    measure: Callable[[Bench], Sequence[Row]],
    libraries: Iterable[str],
    json_file: Path | None,
    chart: Chart | None = None,
) -> None:
    """Measure, and tell it all; libraries: those whose versions decide the figures."""
    if chart is not None:
        check_outputs({"--plot": chart.path, "--json": json_file}, {})
    clock, load_before = SystemClock(), load_average()
    # Short, because sockets lie in it, and their paths may not be long.
    with tempfile.TemporaryDirectory(prefix="alphabus-") as folder, tracking(console()) as track:
        rows = measure(Bench(Path(folder), clock, track))
    result = Result(Machine.here(clock, libraries, load_before), tuple(rows))
    show(result, console())
    if chart is not None and chart.path is not None:
        with writing(chart.path):
            chart.write(chart.path, rows)
    report(json_file, result.figures())
