"""Replay a file of bars through the five processes: train or take a model on record, launch, follow, sum up."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from alphabus.clock import SystemClock
from common.amounts import amount
from common.errors import TooFewRowsError
from common.exits import FAILED, INTERRUPTED
from common.factors.sets import load_set
from common.market.quarantine import write_quarantine
from common.market.store import BarTable
from common.replay.claim import Claim, clear, cleared, refuse_upkeep
from common.replay.on_record import OnRecord
from common.replay.pipeline import refuse_if_running
from common.replay.playback import INTERRUPTION, Playback
from common.replay.preparation import Prepared, Wish, champion_of, configure, load, load_table, train, write_config
from common.replay.results import digest_signals, write_signals
from common.replay.skill import signal_skill
from common.replay.split import Split
from common.replay.summary import summarise_run
from common.research.training import Trained
from scripts.bar_options import Interval, Stamp, Zone
from scripts.choice import (
    DEFAULT_SET,
    SET_HELP,
    Model,
    chosen,
    crown,
    equipped,
    set_file,
    tell_few_rows,
    tell_succession,
)
from scripts.command import Json, console, main, report, usage
from scripts.members import members_of
from scripts.outputs import check_cleared, check_outputs
from scripts.premises import ConfigFile, KeyFile, OwnKinds, Premises, RegistryFolder
from scripts.replay_options import Bars, Instance, Members, Out, Pace, Policy, Speed, SplitDate
from scripts.views.replay import progress, tell
from scripts.views.steps import chosen_bars, compile_kernels, spinner

app = typer.Typer(add_completion=False, rich_markup_mode="rich")


@app.command()
def replay(  # noqa: PLR0917  typer passes options by name
    bars: Bars = None,
    out: Out = Path("runs/latest"),
    zone: Zone = "UTC",
    stamp: Stamp = "auto",
    interval: Interval = "auto",
    split: SplitDate = None,
    pace: Pace = None,
    speed: Speed = None,
    members: Members = None,
    policy: Policy = "wait",
    instance: Instance = None,
    model: Model = None,
    factor_set: Annotated[str | None, typer.Option("--set", help=SET_HELP)] = None,
    config: ConfigFile = None,
    registry: RegistryFolder = None,
    key: KeyFile = None,
    own_kind: OwnKinds = None,
    json_file: Json = None,
) -> None:
    """Replay a file of bars through the five processes.

    The training part feeds state and trains the model, unless --model names one on record; the rest becomes signals,
    in OUT/signals.parquet.
    """
    people = console()
    premises = Premises.of(config, registry, key, own_kind)
    _check_files(
        out, json_file, {"--bars (BARS=)": bars, "--members": members, "--config": config, "--key": key}, factor_set
    )
    source = chosen_bars(bars, people), out, zone, stamp, interval, split, instance
    wish = equipped(Wish(*source, factor_set or DEFAULT_SET, pace, speed, members), premises, config, key)
    wish.overrides["inference"] = {"policy": policy}
    found = None if model is None else chosen(model, factor_set, premises, config)
    with usage("--out (OUT=)"):
        claim = Claim(out)
    with claim:
        refuse_upkeep(out)
        figures = run(wish, found, people)
    report(json_file, figures)
    _end(figures)


def _check_files(out: Path, json_file: Path | None, given: Mapping[str, Path | None], factor_set: str | None) -> None:
    """Refuse results that would replace, or empty the folder of, what is read; typer.BadParameter."""
    reads = {**given, **set_file(factor_set)}
    check_cleared("--out (OUT=)", cleared(out), reads)
    check_outputs({"--json": json_file}, reads)


def _end(figures: Mapping[str, Any]) -> None:
    """Leave with the status that the figures come to."""
    if figures["trouble"] == INTERRUPTION:
        raise typer.Exit(INTERRUPTED)
    if figures["trouble"] or figures["sections"]["missing"]:
        raise typer.Exit(FAILED)


def run(wish: Wish, model: OnRecord | None, people: Console) -> dict[str, Any]:
    """Everything from loading to the printed summary; returns the figures."""
    prepared = train_for(wish, people) if model is None else take(wish, model, people)
    factor_set = load_set(wish.factor_set) if model is None else model.factor_set
    with progress(prepared, people) as show:
        played = Playback.of(prepared, SystemClock(), show)
    write_signals(wish.out / "signals.parquet", played.signals, prepared.table.form)
    figures = summarise_run(
        prepared,
        played.rows,
        digest=digest_signals(played.signals),
        skill=signal_skill(played.signals, prepared.table.frame, factor_set),
        monitor=played.monitor,
        trouble=played.outcome.trouble,
    )
    report(wish.out / "summary.json", figures)
    tell(figures, wish.out, people)
    for line in played.last_words:
        people.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    return figures


def train_for(wish: Wish, people: Console) -> Prepared:
    """Load, split, train or find the model, configure."""
    table, split = load(wish)
    tell_bars(wish, table, split, people)
    config = configure(wish, table, split)
    refuse_if_running(config.endpoints)
    compile_kernels(people)
    before = champion_of(config)
    try:
        with spinner(people, "training") as say:
            trained = train(wish, config, table, split, progress=say)
    except TooFewRowsError:
        if not (wish.out / "summary.json").exists():  # an earlier run's are its own
            write_quarantine(wish.out / "quarantine.jsonl", table.rejected)
        raise
    people.print(f"model {trained.ref} ({'used again' if trained.reused else 'new'}), digest {trained.ref.digest[:12]}")
    tell_few_rows(config, trained.ref)
    tell_succession(config.instance, before, trained.ref, people)
    begin_anew(wish, table)
    return Prepared(table, split, trained, config, write_config(wish.out, config))


def take(wish: Wish, model: OnRecord, people: Console) -> Prepared:
    """Load, split after what the model was made of, promote it, configure its factors."""
    table, made = load_table(wish), model.bundle.manifest
    model.check_bars(wish.bars, table)
    split = Split.of(table, wish.split) if wish.split else Split.after(table, made, model.plan.warm_bars)
    tell_bars(wish, table, split, people)
    config = configure(replace(wish, factor_set=model.set_in(wish.out / "state")), table, split)
    refuse_if_running(config.endpoints)
    compile_kernels(people)
    crown(model, config, f"to replay {wish.bars}", people)
    if seen := split.seen(table, made):
        people.print(
            f"[yellow]warning:[/yellow] {seen:,} of {split.replayed:,} replayed times lie within what {model.ref} was "
            "trained and validated on: neither their signals nor the rank IC are evidence of its skill",
            highlight=False,
            soft_wrap=True,
        )
    begin_anew(wish, table)
    model.write_set(config.state)
    return Prepared(table, split, Trained(model.ref, reused=True), config, write_config(wish.out, config))


def tell_bars(wish: Wish, table: BarTable, split: Split, people: Console) -> None:
    """What the file holds, and what of it is replayed."""
    people.print(
        f"{wish.bars}: {amount(table.frame.height, 'bar')}, {amount(split.history + split.replayed, 'time')}, "
        f"stamped at the {table.stamped} in {table.zone}; {split.history:,} are history, "
        f"{split.replayed:,} are replayed"
    )
    members_of(wish.members, table.frame["symbol"].unique())  # warns of who has no bar


def begin_anew(wish: Wish, table: BarTable) -> None:
    """Remove the results of the last run; not before now: a run that cannot start must not cost them."""
    clear(wish.out)
    write_quarantine(wish.out / "quarantine.jsonl", table.rejected)


if __name__ == "__main__":
    sys.exit(main(app, "replay"))
