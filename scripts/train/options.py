"""What the command asks."""

from pathlib import Path
from typing import Annotated, Literal

import typer

BarFile = Annotated[Path, typer.Argument(help="Parquet or CSV with datetime, symbol, open, high, low, close, volume.")]
Name = Annotated[str, typer.Option(help="Name the model is registered under.")]
Set = Annotated[str, typer.Option("--set", help="Factor set; its label is what is learnt.")]
Kind = Annotated[str, typer.Option(help="Kind of model.")]
Parameters = Annotated[
    list[str] | None, typer.Option("--parameter", "-p", metavar="KEY=VALUE", help="Of the model; may be repeated.")
]
Processors = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME:KEY=VALUE,...", help="Processor of the features, in order; goes with the model."),
]
LearnProcessors = Annotated[
    list[str] | None, typer.Option(metavar="NAME:KEY=VALUE,...", help="Processor of the label, in order.")
]
ProcessorsFile = Annotated[Path | None, typer.Option(metavar="FILE", help="Both, from a TOML file, instead.")]
Split = Annotated[
    str | None, typer.Option(metavar="DATE", help="First date that is not history; default: after two thirds.")
]
TrainSpan = Annotated[
    str | None, typer.Option("--train", metavar="START..END", help="What is learnt from; with --validation.")
]
Validation = Annotated[
    str | None, typer.Option(metavar="START..END", help="What decides when to stop; default: the last fifth.")
]
Test = Annotated[
    str | None, typer.Option(metavar="START..END", help="What judges in the end; nothing of it is learnt.")
]
WalkForward = Annotated[
    Literal["rolling", "growing"] | None, typer.Option(help="Train anew for every --step sections.")
]
Window = Annotated[int, typer.Option(min=1, help="Sections of history before the first step.")]
Step = Annotated[int, typer.Option(min=1, help="Sections each model is asked for.")]
Signals = Annotated[Path | None, typer.Option(metavar="FILE", help="Where the walk's signals go, as one parquet file.")]
CacheFolder = Annotated[
    Path | None, typer.Option("--cache", metavar="FOLDER", help="Keep factors here, and read what is kept.")
]
Author = Annotated[str | None, typer.Option(help="Who trains; default: the user.")]
