"""`python -m scripts.bench`: one sub-command a benchmark, one form of figures for all of them."""

import sys

import typer

from scripts.bench.bus import bus
from scripts.bench.factors import factors
from scripts.bench.inference import inference
from scripts.bench.models import models
from scripts.bench.training import training
from scripts.bench.trees import trees
from scripts.command import main

app = typer.Typer(add_completion=False, rich_markup_mode="rich", no_args_is_help=True)
app.command()(inference)
app.command()(models)
app.command()(factors)
app.command()(trees)
app.command()(bus)
app.command()(training)


@app.callback()
def bench() -> None:
    """Measure the real components on this machine; docs/benchmarks.md says what is measured, and how."""


if __name__ == "__main__":
    sys.exit(main(app, "bench"))
