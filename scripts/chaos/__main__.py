"""`python -m scripts.chaos`: strike real processes by seed, and judge what came out by an undisturbed run."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from alphabus.clock import Clock, SystemClock
from common.config import Policy
from scripts.bench.progress import tracking
from scripts.chaos.arena import Arena, Record, record_of
from scripts.chaos.battle import Battle
from scripts.chaos.campaign import KINDS, Fault, Kind, Round, Strike, draw
from scripts.chaos.verdict import Line, Verdict, differing, dishonest, repeated, summarise
from scripts.command import FAILED, Json, console, main, report

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

QUIET = Kind(Fault.STOP, "nobody")


@app.command()
def chaos(
    *,
    faults: Annotated[int, typer.Option(min=1, help="Strikes in all, at least.")] = 60,
    strikes: Annotated[int, typer.Option(min=1, max=8, help="Strikes a round: one run of the market.")] = 2,
    sections: Annotated[int, typer.Option(min=40, help="Replayed sections a round.")] = 160,
    seed: Annotated[int, typer.Option(help="Draws rounds, places and pauses; the same seed, the same campaign.")] = 1,
    json_file: Json = None,
) -> None:
    """Kill and stop every process of real pipelines, over both deadline policies, and count what broke.

    All four counts are to be zero: sections lost, duplicates, values whose bits differ from an undisturbed run's, and
    signals that were neither on time nor marked.
    """
    people, clock = console(), SystemClock()
    rounds = draw(seed, faults, strikes, sections)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder, tracking(people) as track:
        arena = Arena.build(Path(folder), sections)
        began_ns = clock.monotonic_ns()
        oracle = undisturbed(arena, clock)
        minutes = estimate_min(rounds, (clock.monotonic_ns() - began_ns) / 1e9)
        people.print(
            f"{sum(len(fought.strikes) for fought in rounds)} strikes in {len(rounds)} rounds: about {minutes:,.0f} min"
        )
        step = track("rounds", len(rounds))
        verdicts = []
        for fought in rounds:
            verdicts.append(judge(arena, fought, oracle, clock, people))
            step()
    lines = summarise(verdicts)
    show(lines, people)
    report(json_file, figures(seed, lines, verdicts))
    if not all(verdict.clean for verdict in verdicts):
        raise typer.Exit(FAILED)


def estimate_min(rounds: Sequence[Round], calm_s: float) -> float:
    """How long a campaign takes, minutes: each round as long as the undisturbed run, and what its strikes add."""
    strikes = [strike for fought in rounds for strike in fought.strikes]
    return (len(rounds) * calm_s + sum(strike.pause_s for strike in strikes)) / 60


def undisturbed(arena: Arena, clock: Clock) -> Record:
    """The run nothing happens to: every section is fresh, or there is nothing to judge by."""
    prepared = arena.prepare("undisturbed", Policy.WAIT)
    told = Battle(Round(0, QUIET, Policy.WAIT, ()), prepared, clock).fight()
    record = record_of(prepared)
    if told.trouble or record.missing or {row["status"] for row in record.rows} != {"fresh"}:
        raise typer.BadParameter(f"the undisturbed run is not whole: {told.trouble or 'sections are missing'}")
    return record


def judge(arena: Arena, fought: Round, oracle: Record, clock: Clock, people: Console) -> Verdict:
    """Fight one round and compare; a round that broke a promise is named with its strikes."""
    prepared = arena.prepare(fought.name, fought.policy)
    told = Battle(fought, prepared, clock).fight()
    record = record_of(prepared)
    verdict = Verdict(
        kind=str(fought.kind),
        policy=fought.policy,
        strikes=told.strikes,
        lost=record.missing,
        duplicates=told.duplicates + repeated(record.rows),
        differing=differing(record.values(), oracle.values(), fought.policy),
        unmarked=told.unmarked + dishonest(record.rows),
        recoveries_ms=tuple(told.recoveries_ms),
        trouble=told.trouble,
    )
    if not verdict.clean:
        people.print(
            f"[red]broken[/red] {fought.name}, {fought.kind}, {fought.policy}: {_words(fought.strikes, verdict)}"
        )
    return verdict


def show(lines: list[Line], people: Console) -> None:
    """The table for people."""
    table = Table(box=SIMPLE_HEAD, collapse_padding=True)
    for heading in ("fault", "runs", "strikes", "lost", "duplicates", "bits differ", "unmarked", "p50 ms", "max ms"):
        table.add_column(heading, justify="left" if heading == "fault" else "right")
    for line in lines:
        broken = (line.lost, line.duplicates, line.differing, line.unmarked)
        counts = [f"[red]{count}[/red]" if count else "0" for count in broken]
        spent = ["" if value is None else f"{value:,.0f}" for value in (line.recovery_p50_ms, line.recovery_max_ms)]
        table.add_row(line.fault, str(line.rounds), str(line.strikes), *counts, *spent)
    people.print(table)
    for line in lines:
        for trouble in line.troubles:
            people.print(f"[red]{line.fault}[/red]: {trouble}")


def figures(seed: int, lines: list[Line], verdicts: list[Verdict]) -> dict[str, Any]:
    """What `--json` writes."""
    return {
        "seed": seed,
        "kinds": len(KINDS),
        "strikes": sum(verdict.strikes for verdict in verdicts),
        "clean": all(verdict.clean for verdict in verdicts),
        "rows": [line.figures() for line in lines],
    }


def _words(strikes: tuple[Strike, ...], verdict: Verdict) -> str:
    places = ", ".join(f"{strike.at} ({strike.pause_s} s)" for strike in strikes)
    counts = (
        f"lost {verdict.lost}, duplicates {verdict.duplicates}, bits {verdict.differing}, unmarked {verdict.unmarked}"
    )
    return f"{counts} {verdict.trouble}; strikes at {places}"


if __name__ == "__main__":
    sys.exit(main(app, "chaos"))
