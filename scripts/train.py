"""Train a model on bars that are history, judge it on bars that are not, and register it."""

import getpass
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from alphabus.clock import SystemClock
from common.atomic import replacing
from common.errors import TooFewRowsError
from common.factors.sets import FactorSet, load_set
from common.market.span import Span
from common.market.store import BarTable, load_bars
from common.models.kinds import known_kinds, model_class, own_kinds, read_entries
from common.models.names import check_name
from common.models.processed import load_processed
from common.models.registry import Registry
from common.models.signature import Key, load_key
from common.replay.preparation import constituents_of
from common.research.appraisal import appraise, ask
from common.research.dataset import Dataset
from common.research.factor_cache import FactorCache
from common.research.history import history_end, history_of, split_time
from common.research.periods import Periods, read_span
from common.research.processing import Processing, processing_of, read_processing, read_setting
from common.research.recipe import Recipe
from common.research.training import train_or_reuse
from common.research.walk_forward import Walk, WalkForward
from scripts.command import Json, RegistryFolder, console, main, report, usage
from scripts.views.training import again, model_figures, months_table, scores_table, walk_figures, walk_table

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

Say = Callable[[str, int, int], None]


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
    registry: RegistryFolder = Path("state/registry"),
    author: Annotated[str | None, typer.Option(help="Who trains; default: the user.")] = None,
    own_kind: Annotated[
        list[str] | None, typer.Option(metavar="NAME=MODULE:CLASS", help="A kind of your own; may be repeated.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Key file to sign the model with.")] = None,
    json_file: Json = None,
) -> None:
    """Train a model on bars that are history, judge it on bars that are not, and register it.

    Nothing from the split, or after the validation span, is seen. A model made before from equal bars, plan, label and
    parameters is used again.
    """
    recipe = _recipe(name, factor_set, kind, _kinds(own_kind or []), parameter or [])
    recipe = replace(recipe, processing=_processing(processor or [], learn_processor or [], processors))
    recipe = replace(recipe, periods=_periods(train_span, validation))
    spans = [each for each in (split, train_span, test) if each is not None]
    _check_spans(split, train_span, walk_forward, signals, spans)
    test_span = _test(test)
    chosen_key = _key(key)
    table = load_bars(bars, zone=zone, stamp=stamp, interval=interval)
    recipe = replace(recipe, constituents=constituents_of(members, table))
    kept = None if cache_folder is None else FactorCache(cache_folder, _warn)
    with _naming(bars), Registry(registry, clock=SystemClock().wall_ns, key=chosen_key) as models:
        by = author or getpass.getuser()
        if walk_forward is not None:
            walk = Walk(window, step, walk_forward)
            figures = _walk(WalkForward(table, recipe, walk, by, kept), models, signals)
        else:
            history = _history(table, recipe, split, test_span)
            seen = replace(table, frame=history if test_span is None else table.frame)
            dataset = cache(lambda: Dataset.of(seen, recipe, test=test_span, cache=kept))
            figures = _train(history, recipe, dataset, models, by)
    report(json_file, {**figures, "sections": len(table.times), "rejected": table.rejected_by_reason})


def _train(
    history: pl.DataFrame, recipe: Recipe, dataset: Callable[[], Dataset], models: Registry, author: str
) -> dict[str, Any]:
    with _progress(console()) as say:
        trained = train_or_reuse(history, recipe, models, author=author, progress=say, prepared=dataset)
        bundle = models.load(trained.ref)
        model = load_processed(bundle, recipe.kinds)
        parts = {segment.value: appraise(ask(model, dataset(), segment), recipe) for segment in dataset().parts}
    console().print(scores_table(f"{trained.ref} ({again(trained)})", parts))
    console().print(months_table({name: found for name, found in parts.items() if name != "train"}))
    return model_figures(trained, bundle.manifest, parts)


def _walk(walk: WalkForward, models: Registry, signals: Path | None) -> dict[str, Any]:
    with _progress(console()) as say:
        walked = walk.run(models, lambda done, most: say("models", done, most))
    if signals is not None:
        with replacing(signals) as temporary:
            walked.signal.write_parquet(temporary)
    console().print(walk_table(walked))
    parts = {"out of sample": walked.appraisal}
    console().print(scores_table("all of them", parts), months_table(parts))
    return walk_figures(walked)


def _recipe(name: str, factor_set: str, kind: str, kinds: Mapping[str, str], parameters: list[str]) -> Recipe:
    with usage("--name"):
        check_name("model", name)
    with usage("--set"):
        chosen: FactorSet = load_set(factor_set)
    with usage("--kind"):
        model = model_class(kind, kinds)
    with usage("--parameter"):
        settings = model.settings(dict(read_setting(text) for text in parameters))
    return Recipe(name, chosen, kind, settings, kinds=kinds)


def _kinds(entries: list[str]) -> Mapping[str, str]:
    with usage("--own-kind"):
        return {**known_kinds(), **own_kinds(read_entries(entries))}


def _key(file: Path | None) -> Key | None:
    with usage("--key"):
        return None if file is None else load_key(file)


def _processing(infer: list[str], learn: list[str], file: Path | None) -> Processing:
    if file is not None and (infer or learn):
        raise typer.BadParameter("the file names all processors, or the options do", param_hint="--processors")
    with usage("--processors" if file else "--processor, --learn-processor"):
        return processing_of(infer, learn) if file is None else read_processing(file)


def _periods(train_span: str | None, validation: str | None) -> Periods | None:
    if (train_span is None) != (validation is None):
        raise typer.BadParameter("give both spans, or neither", param_hint="--train, --validation")
    if train_span is None or validation is None:
        return None
    with usage("--train, --validation"):
        return Periods(read_span(train_span), read_span(validation))


def _test(text: str | None) -> Span | None:
    with usage("--test"):
        return None if text is None else read_span(text)


def _check_spans(
    split: str | None, train_span: str | None, walk: str | None, signals: Path | None, spans: list[str]
) -> None:
    if walk is not None and spans:
        raise typer.BadParameter("walking forward makes spans of its own", param_hint="--walk-forward")
    if split is not None and len(spans) > 1:
        hint = "--split, --train" if train_span else "--split, --test"
        raise typer.BadParameter("history ends at the split, or before the spans: give one of them", param_hint=hint)
    if signals is not None and walk is None:
        raise typer.BadParameter("only walking forward makes signals", param_hint="--signals")


def _history(table: BarTable, recipe: Recipe, split: str | None, test: Span | None) -> pl.DataFrame:
    """What may be learnt from: up to the end of the validation span, before the test span, or before the split."""
    if recipe.periods is not None:
        return recipe.seen(table.frame)
    if test is not None:
        inside = table.frame.filter(pl.col("stamp").is_between(test.first, test.last))
        return table.frame.filter(pl.col("time") < inside["time"].min()) if inside.height else table.frame
    with usage("--split"):
        end = history_end(table.times, None if split is None else split_time(table.frame, split))
    return history_of(table.frame, end)


def _warn(text: str) -> None:
    console().print("[yellow]warning:[/yellow]", text, soft_wrap=True, highlight=False)


@contextmanager
def _naming(bars: Path) -> Iterator[None]:
    try:
        yield
    except TooFewRowsError as error:
        raise TooFewRowsError(
            f"{bars}: {error}; move --split to a later date, widen the spans, give more bars, or choose another --set"
        ) from error


@contextmanager
def _progress(target: Console) -> Iterator[Say]:
    columns = (TextColumn("{task.description:>8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=target, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def say(stage: str, done: int, most: int) -> None:
            task = tasks.setdefault(stage, None)
            if task is None:
                task = tasks[stage] = bars.add_task(stage, total=most)
            bars.update(task, completed=done, total=most)

        yield say


if __name__ == "__main__":
    sys.exit(main(app, "train"))
