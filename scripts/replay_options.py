"""Options of `python -m scripts.replay`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from scripts.command import above_zero, instance_name

Bars = Annotated[Path | None, typer.Option(help="Parquet or CSV of bars; default: the sample market.")]
Out = Annotated[Path, typer.Option(help="Folder of the results; emptied of an earlier replay's.")]
SplitDate = Annotated[
    str | None,
    typer.Option(
        metavar="DATE", help="First replayed date; default: after two thirds of the times, or what --model is made of."
    ),
]
Pace = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="From section to section; default: at full speed.", callback=above_zero),
]
Speed = Annotated[
    float | None,
    typer.Option(metavar="N", help="N times real time, closed hours passed over.", callback=above_zero),
]
Members = Annotated[
    Path | None, typer.Option(help="CSV or parquet of symbol, from, to: cross sections are of members as of then.")
]
Policy = Annotated[
    Literal["wait", "deadline"], typer.Option(help="Wait for a late answer, or publish the fallback in time.")
]
Instance = Annotated[
    str | None, typer.Option(help="Name of the instance; default: made from the file's.", callback=instance_name)
]
