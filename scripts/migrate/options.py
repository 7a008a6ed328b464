"""What the command asks."""

from pathlib import Path
from typing import Annotated

import typer

from common.research.migration.predictions import Limit

Exported = Annotated[Path, typer.Argument(help="Folder that exporters/vnpy_model.py wrote, or the lab it lies in.")]
Name = Annotated[str, typer.Option(help="Name the model is registered under.")]
Bars = Annotated[
    Path | None, typer.Option(help="The bars it was loaded from: a vnpy lab, parquet or CSV; default: its own lab.")
]
Deviations = Annotated[
    float, typer.Option(min=0.0, metavar="DEVIATIONS", help="A prediction may move by so many of their deviations.")
]
Beyond = Annotated[
    float, typer.Option(min=0.0, max=1.0, metavar="SHARE", help="Share of the predictions that may move further.")
]
Compared = Annotated[
    float, typer.Option(min=0.0, max=1.0, metavar="SHARE", help="Share of vnpy's predictions to be compared.")
]
Members = Annotated[
    Path | None, typer.Option(help="CSV or parquet of symbol, from, to; default: as vnpy's index filter had it.")
]
MembersOut = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write who was a member when, as vnpy's index filter had it.")
]
Show = Annotated[int, typer.Option(min=0, help="How many factors the tables name; --json has all.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Register nothing.")]
Author = Annotated[str | None, typer.Option(help="Who takes it over; default: the user.")]
KeyFile = Annotated[Path | None, typer.Option(help="Key file to sign the model with.")]

LIMIT = Limit()
"""What holds where nothing else is asked for."""
