"""Compute the signals of a model on record ahead, for a span of bars, as one file."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from common.factors.sets import load_set
from common.market.parts import open_parts
from common.market.span import Span
from common.models.bundle import Bundle
from common.models.names import check_name
from common.models.records import ModelRef
from common.research.precompute import Question, Tally
from common.research.precompute_file import Provenance
from common.research.precompute_model import Served
from common.research.precompute_write import write_answers
from common.research.roll_call import Conditions
from scripts.bar_options import Interval, Members, Stamp, Zone
from scripts.command import Json, console, main, report, usage, warn
from scripts.members import members_of
from scripts.models.options import model_of
from scripts.outputs import check_outputs, writing
from scripts.premises import ConfigFile, KeyFile, OwnKinds, Premises, RegistryFolder
from scripts.views import signals as views
from scripts.views.gauge import gauge

app = typer.Typer(add_completion=False, rich_markup_mode="rich", no_args_is_help=True, help=__doc__)


@app.callback()
def signals() -> None:
    """Compute the signals of a model on record ahead."""


OwnSet = Annotated[
    str | None, typer.Option("--set", help="The model's factor set, where it calls operators of your own.")
]
Patience = Annotated[int, typer.Option(min=1, help="As feed.patience_bars.")]
Forget = Annotated[int | None, typer.Option(min=1, help="As feed.forget_bars.", show_default="never")]
MinCoverage = Annotated[float, typer.Option(min=0.0, max=1.0, help="As inference.min_coverage.")]
MinFeatures = Annotated[float, typer.Option(min=0.0, max=1.0, help="As inference.min_features.")]
USUAL = Conditions()


@app.command("precompute")
def precompute_(
    model: Annotated[str, typer.Argument(help="Name of the model; NAME/VERSION is one of its versions.")],
    *,
    bars: Annotated[Path, typer.Option(help="Parquet or CSV of bars; those before the span are history.")],
    out: Annotated[Path, typer.Option(help="The parquet file to write; one that exists is replaced.")],
    start: Annotated[str | None, typer.Option(metavar="DATE", help="First stamp of the span.")] = None,
    end: Annotated[str | None, typer.Option(metavar="DATE", help="Last stamp; a date means that whole day.")] = None,
    version: Annotated[int | None, typer.Option(min=1, help="Its version; default: the newest.")] = None,
    instance: Annotated[str | None, typer.Option(help="The instance they are for; default: any.")] = None,
    factor_set: OwnSet = None,
    members: Members = None,
    patience_bars: Patience = USUAL.patience_bars,
    forget_bars: Forget = USUAL.forget_bars,
    min_coverage: MinCoverage = USUAL.min_coverage,
    min_features: MinFeatures = USUAL.min_features,
    zone: Zone = "UTC",
    stamp: Stamp = "auto",
    interval: Interval = "auto",
    config: ConfigFile = None,
    own_kind: OwnKinds = None,
    key: KeyFile = None,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """Write what a model says of every bar of a span: the values the live path would publish, to the bit.

    The signal cache answers from the file where cache.precomputed names it, without any model.
    """
    reads = {"--bars": bars, "--set": factor_set, "--members": members, "--config": config, "--key": key}
    check_outputs({"--out": out, "--json": json_file}, reads)
    span = _span(start, end, instance)
    premises = Premises.of(config, registry, key, own_kind)
    with premises.reader() as models:
        ref = models.version(*model_of(model, version)).ref
        bundle = models.load(ref)
    served = _served(ref, bundle, factor_set, premises.kinds)
    with usage("--bars"):
        parts = open_parts(bars, zone=zone, stamp=stamp, interval=interval)
    constituents = members_of(members, parts.symbols)
    conditions = Conditions(patience_bars, min_coverage, min_features, constituents, forget_bars)
    asked = Question(parts, served, conditions, span)
    with usage("--start or --end"), writing(out), gauge(console(), "sections", stays=True) as show:
        told, tally = write_answers(out, asked, bundle.manifest, instance=instance, progress=show)
    _tell(told, tally, served.plan.warm_bars)
    report(json_file, {"file": str(out), **views.figures(told, tally)})


def _span(start: str | None, end: str | None, instance: str | None) -> Span:
    """Which bars are asked for; typer.BadParameter, also for a name that can be no instance's."""
    if instance is not None:
        with usage("--instance"):
            check_name("instance", instance)
    with usage("--start or --end"):
        return Span.of(start, end)


def _served(ref: ModelRef, bundle: Bundle, factor_set: str | None, kinds: Mapping[str, str]) -> Served:
    if factor_set is None:
        return Served.of(ref, bundle, kinds=kinds)
    with usage("--set"):
        return Served.of(ref, bundle, load_set(factor_set), kinds)


def _tell(told: Provenance, tally: Tally, warm_bars: int) -> None:
    people = console()
    for line in views.lines(told, tally):
        people.print(line, markup=False, highlight=False, soft_wrap=True)
    for caution in views.cautions(told, tally, warm_bars):
        warn(caution)


if __name__ == "__main__":
    sys.exit(main(app, "signals"))
