"""`python -m scripts.train`: a model from bars that are history, judged on bars that are not, and registered."""

import getpass
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import typer

from common.market.store import load_bars
from common.replay.preparation import constituents_of
from common.research.dataset import Dataset
from common.research.factor_cache import FactorCache
from common.research.walk_forward import Walk, WalkForward
from scripts.command import Json, console, main, report
from scripts.outputs import check_outputs
from scripts.premises import ConfigFile, KeyFile, OwnKinds, Premises, RegistryFolder
from scripts.train.outcome import naming, trained, walked
from scripts.train.recipe import processing_of, recipe_of
from scripts.train.spans import check_spans, history_for, periods_of, span_asked

app = typer.Typer(add_completion=False, rich_markup_mode="rich")


@app.command()
def train(
    bars: Annotated[Path, typer.Argument(help="Parquet or CSV with datetime, symbol, open, high, low, close, volume.")],
    *,
    name: Annotated[str, typer.Option(help="Name the model is registered under.")] = "demo",
    factor_set: Annotated[str, typer.Option("--set", help="Factor set; its label is what is learnt.")] = "basic",
    kind: Annotated[str, typer.Option(help="Kind of model.")] = "lightgbm",
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="KEY=VALUE", help="Of the model; may be repeated.")
    ] = None,
    processor: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME:KEY=VALUE,...", help="Processor of the features, in order; goes with the model."),
    ] = None,
    learn_processor: Annotated[
        list[str] | None, typer.Option(metavar="NAME:KEY=VALUE,...", help="Processor of the label, in order.")
    ] = None,
    processors: Annotated[Path | None, typer.Option(metavar="FILE", help="Both, from a TOML file, instead.")] = None,
    split: Annotated[
        str | None, typer.Option(metavar="DATE", help="First date that is not history; default: after two thirds.")
    ] = None,
    train_span: Annotated[
        str | None, typer.Option("--train", metavar="START..END", help="What is learnt from; with --validation.")
    ] = None,
    validation: Annotated[
        str | None, typer.Option(metavar="START..END", help="What decides when to stop; default: the last fifth.")
    ] = None,
    test: Annotated[
        str | None, typer.Option(metavar="START..END", help="What judges in the end; nothing of it is learnt.")
    ] = None,
    walk_forward: Annotated[
        Literal["rolling", "growing"] | None, typer.Option(help="Train anew for every --step sections.")
    ] = None,
    window: Annotated[int, typer.Option(min=1, help="Sections of history before the first step.")] = 500,
    step: Annotated[int, typer.Option(min=1, help="Sections each model is asked for.")] = 60,
    signals: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the walk's signals go, as one parquet file.")
    ] = None,
    zone: Annotated[str, typer.Option(help="Time zone of the stamps.")] = "UTC",
    stamp: Annotated[Literal["auto", "open", "close"], typer.Option(help="What the stamps mark.")] = "auto",
    interval: Annotated[str, typer.Option(help="Bar interval such as 1d or 15min.")] = "auto",
    members: Annotated[
        Path | None, typer.Option(help="CSV or parquet of symbol, from, to; default: whoever has bars.")
    ] = None,
    cache_folder: Annotated[
        Path | None, typer.Option("--cache", metavar="FOLDER", help="Keep factors here, and read what is kept.")
    ] = None,
    config: ConfigFile = None,
    registry: RegistryFolder = None,
    author: Annotated[str | None, typer.Option(help="Who trains; default: the user.")] = None,
    own_kind: OwnKinds = None,
    key: KeyFile = None,
    json_file: Json = None,
) -> None:
    """Train a model on bars that are history, judge it on bars that are not, and register it.

    Nothing from the split, or after the validation span, is seen. A model made before from equal bars, plan, label and
    parameters is used again.
    """
    check_outputs(
        {"--signals": signals, "--json": json_file},
        {
            "BARS": bars,
            "--set": factor_set,
            "--members": members,
            "--processors": processors,
            "--config": config,
            "--key": key,
        },
    )
    premises = Premises.of(config, registry, key, own_kind)
    recipe = recipe_of(name, factor_set, kind, premises.kinds, parameter or [])
    recipe = replace(recipe, processing=processing_of(processor or [], learn_processor or [], processors))
    recipe = replace(recipe, periods=periods_of(train_span, validation))
    spans = [each for each in (split, train_span, test) if each is not None]
    check_spans(split, train_span, walk_forward, signals, spans)
    test_span = span_asked(test)
    table = load_bars(bars, zone=zone, stamp=stamp, interval=interval)
    recipe = replace(recipe, constituents=constituents_of(members, table))
    kept = None if cache_folder is None else FactorCache(cache_folder, _warn)
    with naming(bars), premises.maker() as models:
        by = author or getpass.getuser()
        if walk_forward is not None:
            walk = Walk(window, step, walk_forward)
            figures = walked(WalkForward(table, recipe, walk, by, kept), models, signals)
        else:
            history = history_for(table, recipe, split, test_span)
            seen = replace(table, frame=history if test_span is None else table.frame)
            dataset = cache(lambda: Dataset.of(seen, recipe, test=test_span, cache=kept))
            figures = trained(history, recipe, dataset, models, by)
    report(json_file, {**figures, "sections": len(table.times), "rejected": table.rejected_by_reason})


def _warn(text: str) -> None:
    console().print("[yellow]warning:[/yellow]", text, soft_wrap=True, highlight=False)


if __name__ == "__main__":
    sys.exit(main(app, "train"))
