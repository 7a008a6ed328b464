"""Train a model on the history part of a file of bars, and register it."""

import getpass
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from alphabus.clock import SystemClock
from common.factors.sets import FactorSet, load_set
from common.market.store import BarTable, load_bars
from common.models.kinds import known_kinds, model_class, own_kinds, read_entries
from common.models.manifest import Manifest
from common.models.names import check_name
from common.models.registry import Registry
from common.models.signature import Key, load_key
from common.replay.preparation import constituents_of
from common.research.history import history_end, history_of, split_time
from common.research.recipe import Recipe
from common.research.training import Trained, train_or_reuse
from scripts.command import Json, RegistryFolder, console, main, report, usage

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
    split: Annotated[
        str | None, typer.Option(metavar="DATE", help="First date that is not history; default: after two thirds.")
    ] = None,
    zone: Annotated[str, typer.Option(help="Time zone of the stamps.")] = "UTC",
    stamp: Annotated[Literal["auto", "open", "close"], typer.Option(help="What the stamps mark.")] = "auto",
    interval: Annotated[str, typer.Option(help="Bar interval such as 1d or 15min.")] = "auto",
    members: Annotated[
        Path | None, typer.Option(help="CSV or parquet of symbol, from, to; default: whoever has bars.")
    ] = None,
    registry: RegistryFolder = Path("state/registry"),
    author: Annotated[str | None, typer.Option(help="Who trains; default: the user.")] = None,
    own_kind: Annotated[
        list[str] | None, typer.Option(metavar="NAME=MODULE:CLASS", help="A kind of your own; may be repeated.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Key file to sign the model with.")] = None,
    json_file: Json = None,
) -> None:
    """Train a model on the history part of a file of bars, and register it.

    Nothing from the split on is seen. A model made before from equal bars, plan, label and parameters is used again.
    """
    recipe = _recipe(name, factor_set, kind, _kinds(own_kind or []), parameter or [])
    chosen_key = _key(key)
    table = load_bars(bars, zone=zone, stamp=stamp, interval=interval)
    recipe = replace(recipe, constituents=constituents_of(members, table))
    history = history_of(table.frame, _end(table, split))
    with _progress(console()) as say, Registry(registry, clock=SystemClock().wall_ns, key=chosen_key) as models:
        trained = train_or_reuse(history, recipe, models, author=author or getpass.getuser(), progress=say)
        manifest = models.load(trained.ref).manifest
    _show(console(), trained, manifest)
    report(json_file, _figures(trained, manifest, table))


def _recipe(name: str, factor_set: str, kind: str, kinds: Mapping[str, str], parameters: list[str]) -> Recipe:
    with usage("--name"):
        check_name("model", name)
    with usage("--set"):
        chosen: FactorSet = load_set(factor_set)
    with usage("--kind"):
        model = model_class(kind, kinds)
    with usage("--parameter"):
        settings = model.settings(dict(_parameter(text) for text in parameters))
    return Recipe(name, chosen, kind, settings, kinds=kinds)


def _kinds(entries: list[str]) -> Mapping[str, str]:
    with usage("--own-kind"):
        return {**known_kinds(), **own_kinds(read_entries(entries))}


def _key(file: Path | None) -> Key | None:
    with usage("--key"):
        return None if file is None else load_key(file)


def _parameter(text: str) -> tuple[str, Any]:
    """KEY=VALUE with the value as TOML writes it; a bare word is a text."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise typer.BadParameter(f"{text!r} is not KEY=VALUE, such as num_leaves=15", param_hint="--parameter")
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key, value


def _end(table: BarTable, split: str | None) -> int:
    with usage("--split"):
        return history_end(table.times, None if split is None else split_time(table.frame, split))


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


def _show(target: Console, trained: Trained, manifest: Manifest) -> None:
    table = Table(title=f"{trained.ref} ({'used again' if trained.reused else 'new'})", title_justify="left")
    for heading in ("", "training", "validation"):
        table.add_column(heading, justify="right")
    for figure in sorted({name.partition("_")[2] for name in manifest.scores}):
        parts = (manifest.scores.get(f"{part}_{figure}") for part in ("training", "validation"))
        table.add_row(figure, *("" if value is None else f"{value:,.4g}" for value in parts))
    target.print(table)


def _figures(trained: Trained, manifest: Manifest, table: BarTable) -> dict[str, Any]:
    return {
        "name": trained.ref.name,
        "version": trained.ref.version,
        "digest": trained.ref.digest,
        "reused": trained.reused,
        "scores": manifest.scores,
        "history_sections": manifest.data.sections,
        "sections": len(table.times),
        "rejected": table.rejected_by_reason,
    }


if __name__ == "__main__":
    sys.exit(main(app, "train"))
