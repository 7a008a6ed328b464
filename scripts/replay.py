"""Replay a file of bars through the five processes: train, launch, follow, sum up."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from alphabus.clock import SystemClock
from common.errors import TooFewRowsError
from common.factors.sets import load_set
from common.market.quarantine import write_quarantine
from common.replay.follow import Outcome, Progress, follow
from common.replay.pipeline import Pipeline, refuse_if_running
from common.replay.preparation import Claim, Prepared, Wish, clear, configure, load, train, write_config
from common.replay.results import digest_signals, read_signals, section_rows, write_signals
from common.replay.skill import signal_skill
from common.replay.summary import summarise_run
from scripts.command import FAILED, INTERRUPTED, Json, RegistryFolder, above_zero, console, main, report, usage
from scripts.views.steps import chosen_bars, compile_kernels, spinner

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

SHOWN_MISSING = 10
INTERRUPTION = "interrupted before the end of the stream"


@app.command()
def replay(  # noqa: PLR0917  typer passes options by name
    bars: Annotated[Path | None, typer.Option(help="Parquet or CSV of bars; default: the sample market.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the results; emptied of an earlier replay's.")] = Path(
        "runs/latest"
    ),
    zone: Annotated[str, typer.Option(help="Time zone of the stamps.")] = "UTC",
    stamp: Annotated[Literal["auto", "open", "close"], typer.Option(help="What the stamps mark.")] = "auto",
    interval: Annotated[str, typer.Option(help="Bar interval such as 1d or 15min; auto: found in the data.")] = "auto",
    split: Annotated[
        str | None, typer.Option(metavar="DATE", help="First replayed date; default: after two thirds of the times.")
    ] = None,
    pace: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="From section to section; default: at full speed.", callback=above_zero),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(metavar="N", help="N times real time, closed hours passed over.", callback=above_zero),
    ] = None,
    members: Annotated[
        Path | None, typer.Option(help="CSV or parquet of symbol, from, to: cross sections are of members as of then.")
    ] = None,
    policy: Annotated[
        Literal["wait", "deadline"], typer.Option(help="Wait for a late answer, or publish the fallback in time.")
    ] = "wait",
    instance: Annotated[str | None, typer.Option(help="Name of the instance; default: made from the file's.")] = None,
    factor_set: Annotated[str, typer.Option("--set", help="Factor set of the model.")] = "basic",
    registry: RegistryFolder = Path("state/registry"),
    json_file: Json = None,
) -> None:
    """Replay a file of bars through the five processes.

    The training part feeds state and trains the model; the rest becomes signals, in OUT/signals.parquet.
    """
    people = console()
    wish = Wish(
        chosen_bars(bars, people),
        out,
        zone,
        stamp,
        interval,
        split,
        instance,
        factor_set,
        pace,
        speed,
        members,
        registry,
    )
    wish.overrides["inference"] = {"policy": policy}
    with usage("--out (OUT=)"):
        claim = Claim(out)
    with claim:
        figures = run(wish, people)
    report(json_file, figures)
    if figures["trouble"] == INTERRUPTION:
        raise typer.Exit(INTERRUPTED)
    if figures["trouble"] or figures["sections"]["missing"]:
        raise typer.Exit(FAILED)


def run(wish: Wish, people: Console) -> dict[str, Any]:
    """Everything from loading to the printed summary; returns the figures."""
    prepared = prepare(wish, people)
    with Pipeline(prepared.config, prepared.config_file) as pipeline, _progress(prepared, people) as show:
        try:
            outcome = follow(pipeline, SystemClock(), show)
        except KeyboardInterrupt:  # what there is until now is still worth having
            outcome = Outcome(INTERRUPTION)
        monitor = pipeline.status("monitor")
        last_words = pipeline.last_words() if outcome.trouble else []
    state, arms = prepared.config.state, list(prepared.config.arms)
    signals, rows = read_signals(state, arms), section_rows(state, arms)
    write_signals(wish.out / "signals.parquet", signals, prepared.table.datetime_type)
    skill = signal_skill(signals, prepared.table.frame, load_set(wish.factor_set))
    digest = digest_signals(signals)
    figures = summarise_run(prepared, rows, digest=digest, skill=skill, monitor=monitor, trouble=outcome.trouble)
    report(wish.out / "summary.json", figures)
    tell(figures, wish.out, people)
    for line in last_words:
        people.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    return figures


def prepare(wish: Wish, people: Console) -> Prepared:
    """Load, split, train or find the model, configure."""
    table, split = load(wish)
    people.print(
        f"{wish.bars}: {table.frame.height:,} bars, {split.history + split.replayed:,} times, stamped at the "
        f"{table.stamped} in {table.zone}; {split.history:,} are history, {split.replayed:,} are replayed"
    )
    config = configure(wish, table, split)
    refuse_if_running(config.endpoints)
    compile_kernels(people)
    try:
        with spinner(people, "training") as say:
            trained = train(wish, config, table, split, progress=say)
    except TooFewRowsError:
        if not (wish.out / "summary.json").exists():  # an earlier run's are its own
            write_quarantine(wish.out / "quarantine.jsonl", table.rejected)
        raise
    people.print(f"model {trained.ref} ({'used again' if trained.reused else 'new'}), digest {trained.ref.digest[:12]}")
    clear(wish.out)  # not before now: a run that cannot start must not cost the results of the last one
    write_quarantine(wish.out / "quarantine.jsonl", table.rejected)
    return Prepared(table, split, trained, config, write_config(wish.out, config))


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
    return f"{skill['mean']:+.4f}, {certain} over {skill['count']} sections"


@contextmanager
def _progress(prepared: Prepared, people: Console) -> Iterator[Any]:
    columns = (TextColumn("{task.description:>8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=people, transient=not people.is_terminal) as bars:
        history = bars.add_task("history", total=prepared.split.history)
        signals = bars.add_task("signals", total=prepared.split.replayed)

        def show(now: Progress) -> None:
            bars.update(history, completed=min(now.sent, prepared.split.history))
            bars.update(signals, completed=max(now.recorded - prepared.split.history, 0))

        yield show


if __name__ == "__main__":
    sys.exit(main(app, "replay"))
