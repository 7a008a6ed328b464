"""A replay as people see it: how far it is, and what came out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from common.amounts import amount
from common.replay.follow import Progress
from common.replay.preparation import Prepared
from scripts.views.tidings import Tidings

SHOWN_MISSING = 10


def tell(figures: dict[str, Any], out: Path, people: Console) -> None:
    """The figures of a run for people."""
    sections, skill = figures["sections"], figures["rank_ic"]
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("sections", f"{sections['history']:,} history, {sections['replayed']:,} replayed")
    table.add_row("signals", ", ".join(f"{count:,} {status}" for status, count in figures["signals"].items()) or "none")
    rejected = ", ".join(f"{count:,} {reason}" for reason, count in figures["rejected"].items())
    table.add_row("rows refused", rejected or "none")
    table.add_row("rank IC", _skill(skill))
    for stage, spent in figures["latency_ms"].items():
        table.add_row(f"ms {stage}", "  ".join(f"{label} {value:.2f}" for label, value in spent.items()))
    restarts = {name: count for name, count in figures["processes"].get("restarts", {}).items() if count}
    if restarts:
        table.add_row("restarts", ", ".join(f"{name} {count}" for name, count in restarts.items()))
    table.add_row("digest", figures["digest"])
    table.add_row("results", f"{out}/signals.parquet, summary.json, quarantine.jsonl, logs/")
    people.print(table)
    missing = sections["missing"]
    for section in missing[:SHOWN_MISSING]:
        people.print(f"[red]no signal[/red] {section['arm']} {section['stamp']}")
    if len(missing) > SHOWN_MISSING:
        people.print(f"[red]... and {len(missing) - SHOWN_MISSING} more[/red]; summary.json names them all")
    if figures["trouble"]:
        people.print(f"[red]error:[/red] {figures['trouble']} ({out}/logs)")


def _skill(skill: dict[str, Any]) -> str:
    if skill["mean"] is None:
        return "none: in no section do three symbols have both a computed signal and bars enough after it for the label"
    certain = "t unknown" if skill["t"] is None else f"t {skill['t']:.1f}"
    return f"{skill['mean']:+.4f}, {certain} over {amount(skill['count'], 'section')}"


@contextmanager
def progress(prepared: Prepared, people: Console) -> Iterator[Any]:
    """Bars of history and of signals, a line for who waits for space; called with each `Progress`."""
    columns = (TextColumn("{task.description:>8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=people, disable=not people.is_terminal) as bars:
        history = bars.add_task("history", total=prepared.split.history)
        signals = bars.add_task("signals", total=prepared.split.replayed)
        tidings = Tidings({})

        def show(now: Progress) -> None:
            for line in tidings.lines(now.full, {}):
                people.print(line, highlight=False)
            bars.update(history, completed=min(now.sent, prepared.split.history))
            bars.update(signals, completed=max(now.recorded - prepared.split.history, 0))

        yield show
