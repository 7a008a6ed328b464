"""`python -m tests.simulation`: seeds of the simulated pipeline, as many as there is time for."""

from __future__ import annotations

import os
import resource
import signal
from collections import Counter
from contextlib import closing, suppress
from pprint import pformat
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alphabus.clock import SystemClock
from common.exits import FAILED, INTERRUPTED
from scripts.bench.progress import tracking
from scripts.command import Json, console, report
from tests.simulation.crowd import judged
from tests.simulation.fate import draw

app = typer.Typer(add_completion=False, rich_markup_mode="rich")


@app.command()
def simulate(
    *,
    seeds: Annotated[int, typer.Option(min=1, help="How many.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The first; with --seeds 1 it alone is run again, and told of.")] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that share them.")] = os.cpu_count() or 1,
    json_file: Json = None,
) -> None:
    """Run the five services on the memory bus, with a manual clock, through whatever each seed has for them.

    Ctrl-C and SIGTERM end it early, with what was found until then, and with exit status 130.

    Messages are lost, repeated, late, out of turn and damaged; processes die while they send, between two turns, all at
    once; records are half written, the power is cut, snapshots are damaged, the machine sleeps; people promote models
    and halt arms. Each run is judged by an undisturbed one of the same bars.
    """
    people, clock = console(), SystemClock()
    if seeds == 1:
        people.print(escape(pformat(draw(seed))), highlight=False)
    tally, broken, done, began_ns = Counter[str](), dict[int, tuple[str, ...]](), 0, clock.monotonic_ns()
    verdicts = closing(judged(seed, seeds, min(jobs, seeds)))
    with tracking(people) as track, suppress(KeyboardInterrupt), verdicts as heard:  # what was found until then is told
        step = track("seeds", seeds)
        for found in heard:
            done, tally = done + 1, tally + found.tally
            if found.broken:
                broken[found.seed] = found.broken
                tell(found.seed, found.broken, people)
            step()
    minutes, spent_s = (clock.monotonic_ns() - began_ns) / 60e9, processor_s()
    show(tally, people)
    people.print(
        f"{done:,} seeds in {minutes:.1f} minutes: {done / minutes:,.0f} a minute, "
        f"{done / (spent_s / 60):,.0f} a minute of one processor; {len(broken)} broken"
    )
    told = {"seeds": done, "first": seed, "minutes": minutes, "processor_s": spent_s}
    report(json_file, told | {"broken": broken, "happened": tally})
    if broken:
        raise typer.Exit(FAILED)
    if done < seeds:
        raise typer.Exit(INTERRUPTED)


def processor_s() -> float:
    """Seconds of a processor that the children have used: whatever else the machine does, that much a seed costs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tell(seed: int, broken: tuple[str, ...], people: Console) -> None:
    """What a seed broke, and how to see it again."""
    people.print(f"[red]broken[/red] python -m tests.simulation --seeds 1 --seed {seed}", soft_wrap=True)
    for words in broken:
        people.print(escape(f"  {words}"), soft_wrap=True, highlight=False)


def show(tally: Counter[str], people: Console) -> None:
    """What happened, and how often."""
    table = Table(box=SIMPLE_HEAD, collapse_padding=True)
    table.add_column("what happened")
    table.add_column("times", justify="right")
    for what, times in tally.most_common():
        table.add_row(what, f"{times:,}")
    people.print(table)


def heed_end() -> None:
    """From now on SIGTERM ends the command as Ctrl-C does: its processes with it, and nothing is left behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


if __name__ == "__main__":
    heed_end()
    app(prog_name="python -m tests.simulation")
