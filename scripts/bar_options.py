"""Options of every command that reads a file of bars: where its clock stands, what its stamps mark, who is a member."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Bars = Annotated[Path, typer.Option(help="Parquet or CSV with datetime, symbol, open, high, low, close, volume.")]
Zone = Annotated[str, typer.Option(help="Time zone of the stamps.")]
Stamp = Annotated[Literal["auto", "open", "close"], typer.Option(help="What the stamps mark.")]
Interval = Annotated[str, typer.Option(help="Bar interval such as 1d or 15min; auto: found in the data.")]
Members = Annotated[
    Path | None, typer.Option(help="CSV or parquet of symbol, from, to; default: whoever has a bar is a member.")
]
