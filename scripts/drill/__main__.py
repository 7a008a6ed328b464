"""`python -m scripts.drill`: one sub-command an exercise."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from alphabus.clock import SystemClock
from common.amounts import amount
from common.errors import PipelineError
from scripts.bench.progress import tracking
from scripts.command import Json, console, main, report
from scripts.drill.course import Seen, run
from scripts.drill.dice import PACE_S, Plan
from scripts.drill.folder import kept_on_failure
from scripts.drill.verdict import complaints, figures

app = typer.Typer(add_completion=False, rich_markup_mode="rich", no_args_is_help=True)


@app.callback()
def drill() -> None:
    """Exercises on real processes; nothing of a running instance is touched. Status 1 if something did not hold."""


@app.command()
def swaps(
    *,
    sections: Annotated[int, typer.Option(min=20, help="How many sections go out.")] = 2000,
    promotions: Annotated[int, typer.Option(min=1, help="How often the alias is moved meanwhile.")] = 1000,
    seed: Annotated[int, typer.Option(help="Which dice.")] = 1,
    pace: Annotated[float, typer.Option(min=0.1, help="Seconds from section to section.")] = PACE_S,
    keep: Annotated[bool, typer.Option("--keep", help="Keep its folder also when all of it held.")] = False,
    json_file: Json = None,
) -> None:
    """Promote good and bad models at random moments: every bar has its signal, of a model that may serve.

    Some promotions follow each other in fractions of a second. Nine sections in ten have to be fresh, and what was
    promoted last has to serve in the end. When something did not hold, its folder is kept, and named.
    """
    plan, people = Plan(sections, promotions, seed, pace), console()
    with kept_on_failure(people.print, always=keep) as folder:
        with tracking(people) as track:
            seen = run(folder, plan, SystemClock(), track("sections", sections))
        judge(seen, people, json_file)
    people.print("all of it held")


def judge(seen: Seen, people: Console, json_file: Path | None) -> None:
    """Show what happened, and raise PipelineError naming what did not hold."""
    wrong, told = complaints(seen), figures(seen)
    table = Table(box=SIMPLE_HEAD, show_header=False)
    for name, value in told:
        table.add_row(name, value)
    people.print(table)
    report(json_file, {"plan": asdict(seen.plan), "figures": dict(told), "complaints": wrong})
    if wrong:
        raise PipelineError(f"{amount(len(wrong), 'complaint')}: {'; '.join(wrong[:5])}")


if __name__ == "__main__":
    sys.exit(main(app, "drill"))
