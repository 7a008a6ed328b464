"""`python -m scripts.train`: a model from bars that are history, judged on bars that are not, and registered."""

import getpass
import sys
from dataclasses import replace
from pathlib import Path

import typer

from common.market.store import load_bars
from common.research.walk_forward import Walk
from scripts.bar_options import Interval, Members, Stamp, Zone
from scripts.command import Json, main, report
from scripts.members import members_of
from scripts.outputs import check_folder, check_outputs
from scripts.premises import ConfigFile, KeyFile, OwnKinds, Premises, RegistryFolder
from scripts.train.job import Job
from scripts.train.options import (
    Author,
    BarFile,
    CacheFolder,
    Kind,
    LearnProcessors,
    Name,
    Parameters,
    Processors,
    ProcessorsFile,
    Set,
    Signals,
    Split,
    Step,
    Test,
    TrainSpan,
    Validation,
    WalkForward,
    Window,
)
from scripts.train.outcome import naming
from scripts.train.recipe import processing_of, recipe_of
from scripts.train.spans import check_spans, cure_of, periods_of, span_asked

app = typer.Typer(add_completion=False, rich_markup_mode="rich")


@app.command()
def train(
    bars: BarFile,
    *,
    name: Name = "demo",
    factor_set: Set = "basic",
    kind: Kind = "lightgbm",
    parameter: Parameters = None,
    processor: Processors = None,
    learn_processor: LearnProcessors = None,
    processors: ProcessorsFile = None,
    split: Split = None,
    train_span: TrainSpan = None,
    validation: Validation = None,
    test: Test = None,
    walk_forward: WalkForward = None,
    window: Window = 500,
    step: Step = 60,
    signals: Signals = None,
    zone: Zone = "UTC",
    stamp: Stamp = "auto",
    interval: Interval = "auto",
    members: Members = None,
    cache_folder: CacheFolder = None,
    config: ConfigFile = None,
    registry: RegistryFolder = None,
    author: Author = None,
    own_kind: OwnKinds = None,
    key: KeyFile = None,
    json_file: Json = None,
) -> None:
    """Train a model on bars that are history, judge it on bars that are not, and register it.

    Nothing from the split, or after the validation span, is seen. A model made before from equal bars, plan, label and
    parameters is used again.
    """
    inputs: dict[str, Path | None] = {"BARS": bars, "--members": members, "--processors": processors}
    reads = {**inputs, "--config": config, "--key": key, "--set": factor_set}
    check_outputs({"--signals": signals, "--json": json_file}, reads)
    if cache_folder is not None:
        check_folder(cache_folder, "--cache")
    premises = Premises.of(config, registry, key, own_kind)
    recipe = recipe_of(name, factor_set, kind, premises.kinds, parameter or [])
    processing = processing_of(processor or [], learn_processor or [], processors)
    periods = periods_of(train_span, validation)
    given = [each for each in (split, train_span, test) if each is not None]
    check_spans(split, train_span, walk_forward, signals, given)
    test_span = span_asked(test)
    table = load_bars(bars, zone=zone, stamp=stamp, interval=interval)
    constituents = members_of(members, table.frame["symbol"].unique())
    recipe = replace(recipe, processing=processing, periods=periods, constituents=constituents)
    job = Job(table, recipe, author or getpass.getuser(), cache_folder)
    with naming(bars, cure_of(periods, test_span, walk_forward)), premises.maker() as models:
        if walk_forward is None:
            figures = job.once(models, split, test_span)
        else:
            figures = job.walk(models, Walk(window, step, walk_forward), signals)
    report(json_file, {**figures, "sections": len(table.times), "rejected": table.rejected_by_reason})


if __name__ == "__main__":
    sys.exit(main(app, "train"))
