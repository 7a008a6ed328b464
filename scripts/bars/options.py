"""What several verbs ask, and where bars go."""

import getpass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from alphabus.clock import SystemClock
from common.research.lab import Lab
from scripts.outputs import check_folder

PARQUET = {".parquet", ".pq"}

Zone = Annotated[str | None, typer.Option(help="Time zone of the stamps; it is kept. Default: stamps without one.")]
Stamp = Annotated[Literal["auto", "open", "close"], typer.Option(help="What the stamps mark.")]
Interval = Annotated[str, typer.Option(help="Bar interval such as 1d or 15min.")]
Out = Annotated[Path | None, typer.Option(help="Write one parquet file.")]
LabFolder = Annotated[Path | None, typer.Option("--lab", help="Save into a lab; later bars correct older ones.")]


def check_place(out: Path | None, lab: Path | None) -> None:
    """Refuse two places, or none, a lab that cannot be there, and a file named as one of another format."""
    if out is None and lab is None:
        raise typer.BadParameter("say where to: --out FILE.parquet or --lab FOLDER", param_hint="--out")
    if out is not None and lab is not None:
        raise typer.BadParameter(
            "to one place at a time: --out FILE.parquet or --lab FOLDER, not both", param_hint="--out"
        )
    if lab is not None:
        check_folder(lab, "--lab")
    if out is not None and out.suffix not in PARQUET:
        named = out.with_suffix(".parquet")
        raise typer.BadParameter(
            f"{out}: parquet is what is written, as .parquet or .pq; name it {named}", param_hint="--out"
        )


def lab_at(folder: Path) -> Lab:
    """A lab of the user who works here."""
    return Lab(folder, clock=SystemClock().wall_ns, author=getpass.getuser())


def shown(value: Any) -> str:
    """A figure for people; nothing for None."""
    if value is None:
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
