"""`python -m scripts.drill`: one sub-command an exercise."""

import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from alphabus.clock import SystemClock
from common.errors import PipelineError
from scripts.bench.progress import tracking
from scripts.command import Json, console, main, report
from scripts.drill.course import PACE_S, Plan, run
from scripts.drill.verdict import complaints, figures

app = typer.Typer(add_completion=False, rich_markup_mode="rich", no_args_is_help=True)


@app.callback()
def drill() -> None:
    """Exercises on real processes; nothing of a running instance is touched, nothing is left behind."""


@app.command()
def swaps(
    *,
    sections: Annotated[int, typer.Option(min=20, help="How many sections go out.")] = 2000,
    promotions: Annotated[int, typer.Option(min=1, help="How often the alias is moved meanwhile.")] = 1000,
    seed: Annotated[int, typer.Option(help="Which dice.")] = 1,
    pace: Annotated[float, typer.Option(min=0.1, help="Seconds from section to section.")] = PACE_S,
    json_file: Json = None,
) -> None:
    """Promote good and bad models at random moments: every bar has its signal, of a model that may serve."""
    plan, clock = Plan(sections, promotions, seed, pace), SystemClock()
    with tempfile.TemporaryDirectory(prefix="alphabus-") as folder, tracking(console()) as track:
        seen = run(Path(folder), plan, clock, track("sections", sections))
    wrong = complaints(seen)
    table = Table(box=SIMPLE_HEAD, show_header=False)
    for name, value in figures(seen):
        table.add_row(name, value)
    console().print(table)
    report(json_file, {"plan": asdict(plan), "figures": dict(figures(seen)), "complaints": wrong})
    if wrong:
        raise PipelineError(f"{len(wrong)} things did not hold; the first: {'; '.join(wrong[:5])}")
    console().print("all of it held")


if __name__ == "__main__":
    sys.exit(main(app, "drill"))
