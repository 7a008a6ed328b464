"""Take a vnpy.alpha model over: say what changes and why, and register it if its predictions stay."""

import getpass
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from alphabus.clock import SystemClock
from common.market.importing.vnpy_lab import VnpyLab
from common.market.store import BarTable, load_bars
from common.models.names import check_name
from common.models.records import ModelRef
from common.models.registry import Registry
from common.models.signature import Key, load_key
from common.nearest import did_you_mean
from common.replay.preparation import constituents_of
from common.research.migration.candidate import Candidate
from common.research.migration.export import FILE, Export
from common.research.migration.lab_bars import bars_of_lab
from common.research.migration.migration import Migration, migrate
from common.research.migration.predictions import Limit
from common.research.migration.registration import bundle_of
from scripts.command import FAILED, Json, RegistryFolder, console, main, report, usage
from scripts.outputs import check_outputs
from scripts.views.migration import factors_table, figures, movers_table, predictions_table, reasons_table, verdict
from scripts.views.stages import stages

EXPORTS = Path("export") / "migration"

app = typer.Typer(add_completion=False, rich_markup_mode="rich")


@app.command()
def take_over(
    export: Annotated[Path, typer.Argument(help="Folder that exporters/vnpy_model.py wrote, or the lab it lies in.")],
    *,
    name: Annotated[str, typer.Option(help="Name the model is registered under.")],
    bars: Annotated[
        Path | None, typer.Option(help="The bars it was loaded from: a vnpy lab, parquet or CSV; default: its own lab.")
    ] = None,
    limit: Annotated[
        float,
        typer.Option(min=0.0, metavar="DEVIATIONS", help="A prediction may move by so many of their deviations."),
    ] = Limit().deviations,
    beyond: Annotated[
        float, typer.Option(min=0.0, max=1.0, metavar="SHARE", help="Share of the predictions that may move further.")
    ] = Limit().share,
    compared: Annotated[
        float, typer.Option(min=0.0, max=1.0, metavar="SHARE", help="Share of vnpy's predictions to be compared.")
    ] = Limit().compared,
    members: Annotated[
        Path | None, typer.Option(help="CSV or parquet of symbol, from, to; default: as vnpy's index filter had it.")
    ] = None,
    zone: Annotated[str, typer.Option(help="Time zone of the stamps.")] = "UTC",
    stamp: Annotated[Literal["auto", "open", "close"], typer.Option(help="What the stamps of a file mark.")] = "auto",
    interval: Annotated[str, typer.Option(help="Bar interval of a file such as 1d or 15min.")] = "auto",
    show: Annotated[int, typer.Option(min=0, help="How many factors the tables name; --json has all.")] = 20,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Register nothing.")] = False,
    registry: RegistryFolder = Path("state/registry"),
    author: Annotated[str | None, typer.Option(help="Who takes it over; default: the user.")] = None,
    key: Annotated[Path | None, typer.Option(help="Key file to sign the model with.")] = None,
    json_file: Json = None,
) -> None:
    """Take a vnpy.alpha model over: say what changes and why, and register it if its predictions stay.

    vnpy's own factor values and predictions are compared with ours on the same bars. Where predictions move by more
    than the limit, or too few could be compared, nothing is registered, the cause is named, and the exit status is 1.
    """
    check_outputs({"--json": json_file}, {"EXPORT": export, "--bars": bars, "--members": members, "--key": key})
    with usage("--name"):
        check_name("model", name)
    with usage("--key"):
        chosen_key = None if key is None else load_key(key)
    folder = _folder(export)
    with usage("EXPORT"):
        found = Export.read(folder)
    with usage("--bars"):
        table = _bars(found, folder, bars, zone=zone, stamp=stamp, interval=interval)
    with usage("--members"):
        known = None if members is None else constituents_of(members, table)
    with stages(console(), width=11) as say:
        migration = migrate(Candidate.of(found, table.frame, name, known), Limit(limit, beyond, compared), say)
    ref = None if dry_run or not migration.holds else _register(migration, registry, author, chosen_key)
    _tell(migration, show, ref)
    told = None if ref is None else {"name": ref.name, "version": ref.version, "digest": ref.digest}
    report(json_file, {**figures(migration), "registered": told, "rejected": table.rejected_by_reason})
    if not migration.holds:
        raise typer.Exit(FAILED)


def _folder(given: Path) -> Path:
    """The folder of the export itself; of a lab, its only one."""
    if not given.exists():
        names = [each.parent.name for each in given.parent.glob(f"*/{FILE}")]
        raise typer.BadParameter(f"{given} is not there{did_you_mean(given.name, names)}", param_hint="EXPORT")
    if (given / FILE).exists() or not VnpyLab.is_one(given):
        return given
    exports = sorted(each.parent for each in (given / EXPORTS).glob(f"*/{FILE}"))
    if len(exports) != 1:
        told = ", ".join(str(each) for each in exports) or "run exporters/vnpy_model.py"
        raise typer.BadParameter(f"{given} holds {len(exports)} exports, not one: {told}", param_hint="EXPORT")
    return exports[0]


def _bars(
    export: Export,
    folder: Path,
    given: Path | None,
    *,
    zone: str,
    stamp: Literal["auto", "open", "close"],
    interval: str,
) -> BarTable:
    """Bars of a file, or of a lab."""
    place = folder.absolute().joinpath(*[".."] * (len(EXPORTS.parts) + 1)).resolve() if given is None else given
    if given is not None and not VnpyLab.is_one(given):
        return load_bars(given, zone=zone, stamp=stamp, interval=interval)
    return bars_of_lab(place, export, zone)


def _register(migration: Migration, folder: Path, author: str | None, key: Key | None) -> ModelRef:
    with Registry(folder, clock=SystemClock().wall_ns, key=key) as models:
        return models.add(bundle_of(migration), author=author or getpass.getuser(), why="taken over from vnpy")


def _tell(migration: Migration, show: int, ref: ModelRef | None) -> None:
    people = console()
    people.print(reasons_table(migration), factors_table(migration, show))
    if migration.movers:
        people.print(movers_table(migration, show))
    people.print(predictions_table(migration))
    for line in verdict(migration, ref):
        people.print(escape(line), soft_wrap=True, highlight=False)


if __name__ == "__main__":
    sys.exit(main(app, "migrate"))
