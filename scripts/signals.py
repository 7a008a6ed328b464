"""Compute the signals of a model on record ahead, for a span of bars, as one file."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from alphabus.clock import SystemClock
from common.factors.sets import load_set
from common.market.span import Span
from common.market.store import BarTable, load_bars
from common.models.bundle import Bundle
from common.models.kinds import known_kinds, own_kinds, read_entries
from common.models.names import check_name
from common.models.records import ModelRef
from common.models.registry import Registry
from common.models.signature import load_key
from common.replay.preparation import constituents_of
from common.research.precompute import LeftOut, precompute
from common.research.precompute_file import Provenance, write_precomputed
from common.research.precompute_model import Served
from common.research.precompute_origin import provenance_of
from common.research.precompute_roll import Conditions
from scripts.command import Json, RegistryFolder, console, main, report, usage

SHOWN = 10

app = typer.Typer(add_completion=False, rich_markup_mode="rich", no_args_is_help=True, help=__doc__)


@app.callback()
def signals() -> None:
    """Compute the signals of a model on record ahead."""


@app.command("precompute")
def precompute_(
    model: Annotated[str, typer.Argument(help="Name of the model.")],
    *,
    bars: Annotated[Path, typer.Option(help="Parquet or CSV of bars; those before the span are history.")],
    out: Annotated[Path, typer.Option(help="The parquet file to write; one that exists is replaced.")],
    start: Annotated[str | None, typer.Option(metavar="DATE", help="First stamp of the span.")] = None,
    end: Annotated[str | None, typer.Option(metavar="DATE", help="Last stamp; a date means that whole day.")] = None,
    version: Annotated[int | None, typer.Option(min=1, help="Its version; default: the newest.")] = None,
    instance: Annotated[str | None, typer.Option(help="The instance they are for; default: any.")] = None,
    factor_set: Annotated[
        str | None, typer.Option("--set", help="The model's factor set, where it calls operators of your own.")
    ] = None,
    members: Annotated[
        Path | None, typer.Option(help="CSV or parquet of symbol, from, to; default: whoever has bars.")
    ] = None,
    patience_bars: Annotated[int, typer.Option(min=1, help="As feed.patience_bars.")] = Conditions().patience_bars,
    min_coverage: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="As inference.min_coverage.")
    ] = Conditions().min_coverage,
    min_features: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="As inference.min_features.")
    ] = Conditions().min_features,
    zone: Annotated[str, typer.Option(help="Time zone of the stamps.")] = "UTC",
    stamp: Annotated[Literal["auto", "open", "close"], typer.Option(help="What the stamps mark.")] = "auto",
    interval: Annotated[str, typer.Option(help="Bar interval such as 1d or 15min.")] = "auto",
    own_kind: Annotated[
        list[str] | None, typer.Option(metavar="NAME=MODULE:CLASS", help="A kind of your own; may be repeated.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Key file: what is not signed with it is refused.")] = None,
    registry: RegistryFolder = Path("state/registry"),
    json_file: Json = None,
) -> None:
    """Write what a model says of every bar of a span: the values the live path would publish, to the bit.

    The signal cache answers from the file where cache.precomputed names it, without any model.
    """
    with usage("--start or --end"):
        span = Span.of(start, end)
    if instance is not None:
        with usage("--instance"):
            check_name("instance", instance)
    ref, bundle = _model(model, version, registry, key)
    served = _served(ref, bundle, factor_set, own_kind or [])
    with usage("--bars"):
        table = load_bars(bars, zone=zone, stamp=stamp, interval=interval)
    with usage("--members"):
        constituents = constituents_of(members, table)
    conditions = Conditions(patience_bars, min_coverage, min_features, constituents)
    people = console()
    with usage("--start or --end"), _progress(people) as show:
        found = precompute(table.frame, served, conditions, span, progress=show)
    told = provenance_of(found, served, conditions, bundle.manifest, interval_ns=table.interval_ns, instance=instance)
    write_precomputed(out, found.rows, told, table.datetime_type)
    for line in _lines(told, found.left_out, table):
        people.print(line, markup=False, highlight=False, soft_wrap=True)
    report(json_file, {"file": str(out), **told.words, "left_out": [_figures(each) for each in found.left_out]})


def _model(name: str, version: int | None, folder: Path, key: Path | None) -> tuple[ModelRef, Bundle]:
    with usage("--key"):
        chosen = None if key is None else load_key(key)
    with Registry(folder, clock=SystemClock().wall_ns, read_only=True, key=chosen) as models:
        ref = models.version(name, version).ref
        return ref, models.load(ref)


def _served(ref: ModelRef, bundle: Bundle, factor_set: str | None, entries: list[str]) -> Served:
    with usage("--own-kind"):
        kinds: Mapping[str, str] = {**known_kinds(), **own_kinds(read_entries(entries))}
    if factor_set is None:
        return Served.of(ref, bundle, kinds=kinds)
    with usage("--set"):
        return Served.of(ref, bundle, load_set(factor_set), kinds)


def _lines(told: Provenance, left_out: tuple[LeftOut, ...], bars: BarTable) -> list[str]:
    refused = ", ".join(f"{count:,} {reason}" for reason, count in bars.rejected_by_reason.items()) or "none"
    first = f"{told.sections:,} sections of {told.model}/{told.version}, bars {told.first_bar} to {told.last_bar}"
    lines = [f"{first}; {len(left_out):,} left out; refused rows: {refused}"]
    lines += [f"  left out: bar {each.bar}, {_day(each.stamp)}: {each.reason}" for each in left_out[:SHOWN]]
    return lines + ["  ..."] * (len(left_out) > SHOWN)


def _figures(left: LeftOut) -> dict[str, Any]:
    return {"bar": left.bar, "datetime": _day(left.stamp), "reason": left.reason.value}


def _day(stamp: int) -> str:
    return str(np.datetime64(stamp, "ns").astype("datetime64[s]"))


@contextmanager
def _progress(people: Console) -> Iterator[Any]:
    columns = (TextColumn("sections"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=people, transient=not people.is_terminal) as bars:
        task = bars.add_task("", total=None)
        yield lambda done, most: bars.update(task, completed=done, total=most)


if __name__ == "__main__":
    sys.exit(main(app, "signals"))
