"""`scripts.factors compute` as a person runs it, on files of many symbols, or many minutes: how long, how much memory.

A process of its own computes Alpha158 from file to file; the most memory it had is what the system says at its end.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

from alphabus.clock import Clock
from common.errors import PipelineError
from scripts.bench.asking import ROOT
from scripts.bench.factor_market import COLUMNS, market_of, symbols_of
from scripts.bench.progress import Track
from scripts.bench.rows import Row

GOAL_MB = 4000.0
ROOM_BYTES = 1500
"""A row's share of the disk: bars, 158 factors that hardly compress, and some to spare."""

ROWS_AT_A_TIME = 500_000
FRAME = str.maketrans("╭╮╰╯─│", " " * 6)
WATCHER = """
import resource, subprocess, sys
ended = subprocess.run(sys.argv[1:], stdout=sys.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(ended.returncode)
"""
"""A small process between: a child's peak begins with the size of who started it, and a benchmark is large."""

FIRST_DAY = datetime(2015, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shape:
    """A file of bars: symbols, sections, how far these are apart, and whether it has members that come and go."""

    symbols: int
    sections: int
    interval: timedelta
    members: bool = False

    def __str__(self) -> str:
        return f"{self.symbols:,} symbols x {self.sections:,}{', members' if self.members else ''}"


def measure_compute(folder: Path, shapes: tuple[Shape, ...], clock: Clock, track: Track) -> list[Row]:
    """Time and memory of each; a row that says so where the disk has no room for its factors."""
    step, rows = track("compute", len(shapes)), []
    for shape in shapes:
        rows += _measured(folder, shape, clock)
        step()
    return rows


def _measured(folder: Path, shape: Shape, clock: Clock) -> list[Row]:
    needed = shape.symbols * shape.sections * ROOM_BYTES
    if shutil.disk_usage(folder).free < needed:
        return [Row.of(f"compute, {shape}", None, "", peer=f"needs {needed / 1e9:,.0f} GB of disk in {folder.parent}")]
    bars, out, members = folder / "bars.parquet", folder / "factors.parquet", folder / "members.csv"
    write_bars(bars, shape)
    arguments = ["--bars", str(bars), "--out", str(out)]
    if shape.members:
        write_members(members, shape)
        arguments += ["--members", str(members)]
    started = clock.monotonic_ns()
    memory = compute(arguments, folder / "said.txt")
    took = clock.monotonic_ns() - started
    out.unlink()
    return [
        Row.of(f"compute, {shape}", took / 1e9, "s"),
        Row.of(f"compute, {shape}, memory", memory, "MB", goal=GOAL_MB),
    ]


def compute(arguments: list[str], said: Path) -> float:
    """Run it to its end; the most memory it had, in MB. PipelineError with its last words if it fails."""
    command = [sys.executable, "-m", "scripts.factors", "compute", "--set", "alpha158", *arguments]
    with said.open("wb") as words:
        asked = [sys.executable, "-c", WATCHER, *command]
        watched = subprocess.run(asked, cwd=ROOT, stdout=subprocess.PIPE, stderr=words, check=False)
    if watched.returncode:
        # A usage error is in a frame, over several lines.
        last = " ".join(said.read_text(encoding="utf-8", errors="replace").translate(FRAME).split())[-300:]
        raise PipelineError(f"scripts.factors compute ended with status {watched.returncode}: {last}")
    return int(watched.stdout) / 1024


def write_bars(path: Path, shape: Shape) -> None:
    """A made-up market as a file of bars, written piece by piece."""
    step = max(1, ROWS_AT_A_TIME // shape.symbols)

    def frames(*_: object) -> Iterator[pl.DataFrame]:
        for first in range(0, shape.sections, step):
            yield _bars(shape, first, min(step, shape.sections - first))

    schema = {"datetime": pl.Datetime("us"), "symbol": pl.String(), **dict.fromkeys(COLUMNS, pl.Float64())}
    register_io_source(frames, schema=schema).sink_parquet(path)


def write_members(path: Path, shape: Shape) -> None:
    """A third from the beginning to the end, a third from the middle on, a third until then."""
    middle = (FIRST_DAY + shape.sections // 2 * shape.interval).date()
    spans = (",", f"{middle},", f",{middle}")
    lines = [f"{symbol},{spans[place % 3]}" for place, symbol in enumerate(symbols_of(shape.symbols))]
    path.write_text("\n".join(["symbol,from,to", *lines, ""]), encoding="utf-8")


def _bars(shape: Shape, first: int, sections: int) -> pl.DataFrame:
    begin = FIRST_DAY.replace(tzinfo=None) + first * shape.interval
    stamps = pl.datetime_range(
        begin, begin + (sections - 1) * shape.interval, shape.interval, time_unit="us", eager=True
    )
    columns = market_of(sections, shape.symbols, seed=first)
    place = np.arange(sections * shape.symbols)
    symbols = pl.Series(symbols_of(shape.symbols), dtype=pl.String)
    frame = {"datetime": stamps.gather(place // shape.symbols), "symbol": symbols.gather(place % shape.symbols)}
    return pl.DataFrame(frame | dict(zip(COLUMNS, columns.reshape(len(COLUMNS), -1), strict=True)))
