"""`python -m scripts.soak`: run for many sections, and see whether any process grows."""

import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from alphabus.clock import SystemClock
from common.errors import PipelineError
from common.exits import FAILED
from common.replay.follow import Progress, follow
from common.replay.pipeline import Pipeline
from common.replay.preparation import Prepared, Wish, configure, load, train, write_config
from scripts.bench.progress import tracking
from scripts.command import Json, console, main, report
from scripts.soak.gauge import EVERYBODY, Reading, read_all
from scripts.soak.market import minute_market
from scripts.soak.slope import ERRORS, Trend, limit_of, trends

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

HISTORY = 400
READINGS = 100


@app.command()
def soak(
    *,
    sections: Annotated[int, typer.Option(min=5_000, help="Sections that become signals: at least 5000.")] = 200_000,
    symbols: Annotated[int, typer.Option(min=20, help="Symbols of the market.")] = 50,
    json_file: Json = None,
) -> None:
    """Replay minutes at full speed through all processes; memory is to stay flat, descriptors constant.

    Flat is whose slope, and twice the slope's own error more, is below what a run of this length must tell.
    """
    people = console()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, tracking(people) as track:
        prepared = prepare(Path(folder), symbols, sections)
        step = track("readings", READINGS)
        readings = watch(prepared, sections, step)
    lines, limit = trends(readings, sections, EVERYBODY), limit_of(sections)
    show(lines, limit, people)
    rows = [asdict(line) for line in lines]
    report(json_file, {"sections": sections, "symbols": symbols, "limit_bytes_a_section": limit, "rows": rows})
    if not all(line.flat(limit) for line in lines):
        raise typer.Exit(FAILED)


def prepare(folder: Path, symbols: int, sections: int) -> Prepared:
    """A market as long as the soak, a model trained before it begins, a configuration of its own."""
    bars, out = folder / "bars.parquet", folder / "out"
    market = minute_market(symbols, HISTORY + sections)
    market.write_parquet(bars)
    split = str(market["datetime"].unique().sort()[HISTORY])
    wish = Wish(bars, out, split=split, instance="soak", registry=folder / "registry")
    table, parts = load(wish)
    config = configure(wish, table, parts).model_copy(update={"run_dir": folder / "run"})
    trained = train(wish, config, table, parts)
    out.mkdir()
    return Prepared(table, parts, trained, config, write_config(out, config))


def watch(prepared: Prepared, sections: int, step: Any) -> list[Reading]:
    """Run to the end; a reading of every process each hundredth of the way. Raises PipelineError when it stalls."""
    readings: list[Reading] = []
    every, due = sections / READINGS, [0.0]

    def look(now: Progress) -> None:
        done = now.recorded - HISTORY
        if done >= due[0]:
            due[0] += every
            readings.extend(read_all(prepared.config_file, pipeline.launcher_pid, max(done, 0)))
            step()

    with Pipeline(prepared.config, prepared.config_file) as pipeline:
        outcome = follow(pipeline, SystemClock(), look)
    if outcome.trouble:
        raise PipelineError(f"the soak did not reach its end: {outcome.trouble}")
    return readings


def show(lines: list[Trend], limit: float, people: Console) -> None:
    """The table for people."""
    table = Table(box=SIMPLE_HEAD, collapse_padding=True)
    for heading in ("process", "MiB", "bytes a section", "± twice its error", "descriptors", "flat"):
        table.add_column(heading, justify="left" if heading == "process" else "right")
    for line in lines:
        flat = "[green]yes[/green]" if line.flat(limit) else "[red]no[/red]"
        first, last = line.descriptors
        table.add_row(
            line.process, f"{line.resident_mib:,.1f}", f"{line.bytes_a_section:,.1f}", f"{ERRORS * line.error:,.1f}",
            f"{first} to {last}", flat,
        )  # fmt: skip
    people.print(table)
    people.print(f"flat: no leak of {limit:,.0f} bytes a section, or more, is possible by what was read")


if __name__ == "__main__":
    sys.exit(main(app, "soak"))
