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
from common.amounts import amount
from common.config import Policy
from common.exits import FAILED
from scripts.bench.progress import tracking
from scripts.chaos.arena import HISTORY, Arena
from scripts.chaos.battle import Battle, Told
from scripts.chaos.campaign import KINDS, LONG_PAUSE_S, PACE_S, Fault, Round, draw
from scripts.chaos.record import Record, record_of
from scripts.chaos.verdict import Line, Verdict, differing, dishonest, missing, repeated, summarise, undelivered
from scripts.command import Json, console, main, report

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

SECTIONS_A_STRIKE = 90  # many times what one takes: a round ends when all has struck, not where the market does
SPARE_SECTIONS = round(2 * LONG_PAUSE_S[1] / PACE_S)  # a round may be a single stop, of the longest kind
START_S, RECOVERY_S = 6.0, 1.0  # to start and end a round, and to be whole again after a kill: measured


@app.command()
def chaos(
    *,
    faults: Annotated[int, typer.Option(min=1, help="Strikes in all.")] = 60,
    strikes: Annotated[int, typer.Option(min=1, max=60, help="Strikes a round: one run of the market.")] = 30,
    seed: Annotated[int, typer.Option(help="Draws kinds, places and pauses; the same seed, the same campaign.")] = 1,
    only: Annotated[int, typer.Option("--round", min=0, help="Fight this round of the campaign alone; 0: all.")] = 0,
    json_file: Json = None,
) -> None:
    """Kill and stop every process of real pipelines, over both deadline policies, and count what broke.

    All four counts are to be zero: sections lost, duplicates, values whose bits differ from an undisturbed run's, and
    signals that were neither on time nor marked. Every strike that was planned is to land.
    """
    people, clock = console(), SystemClock()
    rounds = [fought for fought in draw(seed, faults, strikes) if only in {0, fought.number}]
    if not rounds:
        raise typer.BadParameter(f"there is no round {only}: {faults} strikes, {strikes} a round")
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder, tracking(people) as track:
        arena = Arena.build(Path(folder), SPARE_SECTIONS + SECTIONS_A_STRIKE * min(strikes, faults))
        planned = sum(len(fought.strikes) for fought in rounds)
        people.print(
            f"{amount(planned, 'strike')} in {amount(len(rounds), 'round')}: about {estimate_min(rounds):,.0f} min"
        )
        oracle = arena.undisturbed(clock)
        step = track("rounds", len(rounds))
        verdicts = []
        for fought in rounds:
            verdicts.append(judge(arena, fought, oracle, clock, people))
            step()
    lines = summarise(verdicts)
    show(lines, people)
    people.print(f"{sum(line.landed for line in lines):,} of {planned:,} strikes landed")
    report(json_file, figures(seed, lines, verdicts))
    if not all(verdict.clean for verdict in verdicts):
        raise typer.Exit(FAILED)


def estimate_min(rounds: Sequence[Round]) -> float:
    """How long a campaign takes, minutes: the sections that go by, pauses, recoveries, and what a round costs."""
    strikes = [strike for fought in rounds for strike in fought.strikes]
    recovering = [RECOVERY_S if strike.kind.fault is Fault.KILL else strike.pause_s for strike in strikes]
    return (len(rounds) * START_S + PACE_S * sum(strike.after for strike in strikes) + sum(recovering)) / 60


def judge(arena: Arena, fought: Round, oracle: Record, clock: Clock, people: Console) -> Verdict:
    """Fight one round and compare; a round that broke a promise is named with what broke where."""
    ground = arena.prepare(fought.name, fought.policy)
    told = Battle(fought, ground, clock).fight()
    verdict = compared(fought, told, record_of(ground.config), oracle)
    if not verdict.clean:
        people.print(f"[red]broken[/red] {fought.name}, {fought.policy}: {_words(verdict)}", soft_wrap=True)
    return verdict


def compared(fought: Round, told: Told, record: Record, oracle: Record) -> Verdict:
    """A round beside the undisturbed run."""
    bars = range(HISTORY + 1, told.whole_bar + 1)
    twice = (bar for (bar, _), count in told.deliveries.items() for _ in range(count - 1))
    return Verdict(
        fought=fought,
        landed=told.landed,
        lost=(*missing(record.rows, bars), *undelivered(record.rows, told.deliveries, bars)),
        duplicates=(*twice, *repeated(record.rows)),
        differing=(
            *differing(record.values(), oracle.values(), fought.policy, bars),
            *differing(told.values, oracle.values(), Policy.DEADLINE, ()),  # what it never got is lost, and told above
        ),
        unmarked=(*told.unmarked, *dishonest(record.rows)),
        trouble=told.trouble,
    )


def show(lines: Sequence[Line], people: Console) -> None:
    """The table for people."""
    table = Table(box=SIMPLE_HEAD, collapse_padding=True)
    headings = ("fault", "planned", "landed", "lost", "duplicates", "bits differ", "unmarked", "p50 ms", "max ms")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "fault" else "right")
    for line in lines:
        broken = (line.lost, line.duplicates, line.differing, line.unmarked)
        counts = [f"[red]{count}[/red]" if count else "0" for count in broken]
        spent = ["" if value is None else f"{value:,.0f}" for value in (line.recovery_p50_ms, line.recovery_max_ms)]
        table.add_row(line.fault, str(line.planned), str(line.landed), *counts, *spent)
    people.print(table)


def figures(seed: int, lines: Sequence[Line], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """What `--json` writes."""
    return {
        "seed": seed,
        "kinds": len(KINDS),
        "planned": sum(line.planned for line in lines),
        "landed": sum(line.landed for line in lines),
        "clean": all(verdict.clean for verdict in verdicts),
        "broken": {verdict.fought.name: _words(verdict) for verdict in verdicts if not verdict.clean},
        "rows": [line.figures() for line in lines],
    }


def _words(verdict: Verdict) -> str:
    found = {
        "lost": verdict.lost, "duplicates": verdict.duplicates, "bits": verdict.differing, "unmarked": verdict.unmarked
    }  # fmt: skip
    counts = [f"{name} {len(bars)} at {sorted(set(bars))[:8]}" for name, bars in found.items() if bars]
    places = [f"{struck.kind} at {struck.bar}" for struck in verdict.landed]
    return "; ".join([*counts, *([verdict.trouble] if verdict.trouble else []), "strikes: " + ", ".join(places)])


if __name__ == "__main__":
    sys.exit(main(app, "chaos"))
