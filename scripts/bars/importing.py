"""`import`: bars of a file under other names, of a vnpy.alpha lab, or of Qlib, into a file or a lab."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
import typer

from common.errors import BarFileError
from common.market.importing.canonical import canonical, lab_interval, write_bars
from common.market.importing.named import Named, read_named
from common.market.importing.qlib import QlibFolder
from common.market.importing.vnpy_lab import FOLDERS, VnpyLab
from common.market.store import BarTable
from common.research.lab import Contract, Lab
from common.research.lab.arrival import Arrival
from scripts.bars.options import Interval, LabFolder, Out, Stamp, Zone, check_place, lab_at, shown
from scripts.command import Json, console, report, usage
from scripts.outputs import check_outputs

NOTHING = Arrival()


def import_bars(
    source: Annotated[Path, typer.Argument(help="A CSV or parquet file, a vnpy.alpha lab, or a Qlib data folder.")],
    *,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", "-c", metavar="OURS=THEIRS", help="What the file calls a column; may be repeated."),
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="The symbol, where the file is of one alone.")] = None,
    frequency: Annotated[Literal["day", "1min"], typer.Option(help="Of a Qlib folder.")] = "day",
    zone: Zone = None,
    stamp: Stamp = "auto",
    interval: Interval = "auto",
    out: Out = None,
    lab: LabFolder = None,
    json_file: Json = None,
) -> None:
    """Import bars, and what lies beside them: index members, contracts, signals.

    Days are written under their date, shorter bars under their close. Bad rows are refused and counted.
    """
    check_place(out, lab)
    check_outputs({"--out": out, "--json": json_file}, {"SOURCE": source})
    target = None if lab is None else lab_at(lab)
    with usage("SOURCE"):
        if VnpyLab.is_one(source):
            done = _from_vnpy(VnpyLab(source), zone, target, out)
        elif QlibFolder.is_one(source):
            done = _from_qlib(QlibFolder(source, frequency), zone, target, out)
        else:
            named = Named(_columns(column or []), symbol, zone or "UTC", stamp, interval)
            done = _keep(read_named(source, named), zone, target, out)
    for name, count in done.items():
        console().print(f"{name}: {shown(count)}", markup=False, highlight=False, soft_wrap=True)
    report(json_file, done)


def _from_vnpy(source: VnpyLab, zone: str | None, lab: Lab | None, out: Path | None) -> dict[str, Any]:
    tables = {name: table for name in FOLDERS if (table := source.bars(name, zone or "UTC")) is not None}
    if not tables:
        raise BarFileError(f"{source.root} holds no bars, daily or of minutes")
    if lab is None:
        if len(tables) > 1:
            raise BarFileError(f"{source.root} holds days and minutes; one file takes one interval: use --lab")
        return _keep(next(iter(tables.values())), zone, None, out)
    for name, table in tables.items():
        if lab_interval(table) != name:
            raise BarFileError(f"{source.root}/{FOLDERS[name][0]} holds bars of {table.interval_ns / 1e9:g} s")
    contracts = {
        symbol: Contract.of(setting, f"{symbol} in {source.root}/contract.json")
        for symbol, setting in source.contracts().items()
    }
    beside = Arrival(components=source.components(), contracts=contracts, signals=source.signals())
    done = {f"{key} ({name})": value for name, each in _take(tables, zone, lab, beside) for key, value in each.items()}
    counts = {"indices": beside.components, "contracts": beside.contracts, "signals": beside.signals}
    return done | {name: len(each) for name, each in counts.items()}


def _from_qlib(source: QlibFolder, zone: str | None, lab: Lab | None, out: Path | None) -> dict[str, Any]:
    beside = Arrival(components={} if lab is None else source.components())
    done = _keep(source.bars(zone or "UTC"), zone, lab, out, beside)
    return done if lab is None else done | {"indices": len(beside.components)}


def _keep(
    table: BarTable, zone: str | None, lab: Lab | None, out: Path | None, beside: Arrival = NOTHING
) -> dict[str, Any]:
    if lab is not None:
        ((_, done),) = _take({lab_interval(table): table}, zone, lab, beside)
        return done
    frame = canonical(table, zoned=zone is not None)
    if out is not None:
        write_bars(out, frame)
    return _figures(table, frame, {"file": str(out)})


def _take(
    tables: Mapping[str, BarTable], zone: str | None, lab: Lab, beside: Arrival
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything at once, or nothing where something of it cannot be saved; figures by interval."""
    frames = {name: canonical(table, zoned=zone is not None) for name, table in tables.items()}
    saved = lab.take(replace(beside, bars=frames))
    return (
        (name, _figures(tables[name], frames[name], {"new": each.new, "replaced": each.replaced}))
        for name, each in saved.items()
    )


def _figures(table: BarTable, frame: pl.DataFrame, more: Mapping[str, Any]) -> dict[str, Any]:
    counts = {"bars": frame.height, "symbols": frame["symbol"].n_unique(), **more, "refused": table.rejected.height}
    return counts | {f"refused, {reason}": count for reason, count in table.rejected_by_reason.items()}


def _columns(pairs: list[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not (ours and equals and theirs):
            raise typer.BadParameter(f"{pair!r} is not OURS=THEIRS, such as datetime=Date", param_hint="--column")
        found[ours] = theirs
    return found
