"""Keep a pipeline running on a market that never ends: set up, launch, say how to watch it, stop on Ctrl-C."""

import gc
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from common.amounts import amount
from common.config import Config
from common.errors import PipelineError
from common.factors.sets import load_set
from common.market.journal_end import last_bar
from common.market.store import BarTable
from common.models.records import ModelRef
from common.replay.claim import Claim
from common.replay.follow import waiting_of
from common.replay.on_record import OnRecord
from common.replay.pipeline import Pipeline, refuse_if_running
from common.replay.preparation import Wish, load_table, write_config
from common.replay.summary import restarts
from common.replay.upkeep import champion, configure_upkeep, orders_in_force, refuse_another_market
from scripts.choice import DEFAULT_SET, SET_HELP, Model, chosen, crown, equipped, tell_few_rows
from scripts.command import Json, above_zero, console, instance_name, main, report, usage
from scripts.premises import ConfigFile, KeyFile, OwnKinds, Premises, RegistryFolder
from scripts.views.orders import tell_orders
from scripts.views.steps import chosen_bars, compile_kernels, spinner
from scripts.views.tidings import Tidings
from scripts.views.upkeep import take_note, tell

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

LOOK_S = 0.2


@app.command()
def up(  # noqa: PLR0917  typer passes options by name
    bars: Annotated[Path | None, typer.Option(help="Parquet or CSV of bars; default: the sample market.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of journal, record and logs, kept; default: state/INSTANCE.")
    ] = None,
    zone: Annotated[str, typer.Option(help="Time zone of the stamps.")] = "UTC",
    stamp: Annotated[Literal["auto", "open", "close"], typer.Option(help="What the stamps mark.")] = "auto",
    interval: Annotated[str, typer.Option(help="Bar interval such as 1d or 15min; auto: found in the data.")] = "auto",
    pace: Annotated[float, typer.Option(metavar="SECONDS", help="From section to section.", callback=above_zero)] = 1.0,
    seed: Annotated[int, typer.Option(help="Of the bars that are made up.", min=0)] = 1,
    instance: Annotated[str, typer.Option(help="Name of the instance.", callback=instance_name)] = "live",
    model: Model = None,
    factor_set: Annotated[str | None, typer.Option("--set", help=SET_HELP)] = None,
    config: ConfigFile = None,
    registry: RegistryFolder = None,
    key: KeyFile = None,
    own_kind: OwnKinds = None,
    json_file: Json = None,
) -> None:
    """Keep a pipeline running on a market that never ends.

    The file of bars is history; made-up bars of the same market follow for ever, live, also after a restart. A model
    is trained if the instance has none, unless --model names one on record. Ctrl-C stops all of it.
    """
    people = console()
    premises = Premises.of(config, registry, key, own_kind)
    wish = Wish(
        chosen_bars(bars, people), out or Path("state") / instance, zone, stamp, interval,
        instance=instance, factor_set=factor_set or DEFAULT_SET, pace_s=pace,
    )  # fmt: skip
    wish = equipped(wish, premises, config, key)
    found = None if model is None else chosen(model, factor_set, premises, config)
    with usage("--out (OUT=)"):
        claim = Claim(wish.out)
    with claim:
        report(json_file, run(*prepare(wish, seed, found, people), people))


def prepare(wish: Wish, seed: int, model: OnRecord | None, people: Console) -> tuple[Config, Path, ModelRef]:
    """Load, compile, find the champion, take the model that was named or train one, configure."""
    table = load_table(wish)
    if model is not None:
        model.check_bars(wish.bars, table)
        wish = replace(wish, factor_set=model.set_in(wish.out / "state"))
    config = configure_upkeep(wish, table, seed)
    refuse_if_running(config.endpoints)
    refuse_another_market(config, wish.out / "config.toml")
    if model is None:
        load_set(config.factors.set)  # one that is not there is found before the processes are up
    people.print(
        f"{wish.bars}: {amount(table.frame.height, 'bar')}, {amount(len(table.times), 'time')}, all of them history"
    )
    compile_kernels(people)
    if model is None:
        ref = find_or_train(wish, config, table, people)
    else:
        crown(model, config, f"to go on from {wish.bars}", people)
        model.write_set(config.state)
        ref = model.ref
    tell_orders(config.instance, orders_in_force(config), people)
    return config, write_config(wish.out, config), ref


def find_or_train(wish: Wish, config: Config, table: BarTable, people: Console) -> ModelRef:
    """The champion on record, or one that is trained now."""
    with spinner(people, "training") as say:
        ref, new = champion(wish, config, table, progress=say)
    people.print(f"model {ref} ({'new' if new else 'on record'}), digest {ref.digest[:12]}")
    if new:
        tell_few_rows(config, ref)
    return ref


def run(config: Config, config_file: Path, ref: ModelRef, people: Console) -> dict[str, Any]:
    """Launch, and stay until Ctrl-C; raises PipelineError when the processes end by themselves."""
    figures: dict[str, Any] = {"instance": config.instance, "model": str(ref), "bar": 0}
    with Pipeline(config, config_file) as pipeline:
        tell(config, people)
        try:
            watch_over(pipeline, figures, config.logs, people)
        except KeyboardInterrupt:
            people.print("stopping")
        else:
            raise PipelineError(f"the processes ended by themselves ({config.logs}): {pipeline.how_it_ended()}")
    gc.freeze()  # as in every process of it: ended is ended at once
    figures["bar"] = last_bar(config.state / "journal") or figures["bar"]  # which tells what the last look did not
    people.print(f"stopped after bar {figures['bar']:,}; the next start goes on from there", highlight=False)
    return figures


def watch_over(pipeline: Pipeline, figures: dict[str, Any], logs: Path | None, people: Console) -> None:
    """Show how far it is for as long as it runs, and tell what befalls it."""
    tidings = Tidings(restarts(logs))
    with people.status("starting") as status:
        while pipeline.running:
            beats = [beat for name in ("bar_feed", "signal_cache") if (beat := pipeline.status(name)) is not None]
            status.update(take_note(beats, figures))
            for line in tidings.lines(waiting_of(beats, tidings.full), restarts(logs)):
                people.print(line, highlight=False)
            time.sleep(LOOK_S)


if __name__ == "__main__":
    sys.exit(main(app, "up"))
