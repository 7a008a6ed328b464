"""`import`: bars of a file under other names, of a vnpy.alpha lab, or of Qlib, into a file or a lab."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from common.errors import BarFileError
from common.market.importing.canonical import canonical, lab_interval, write_bars
from common.market.importing.named import Named, read_named
from common.market.importing.qlib import QlibFolder
from common.market.importing.vnpy_lab import FOLDERS, VnpyLab
from common.market.store import BarTable
from common.research.lab import Lab
from scripts.bars.options import Interval, LabFolder, Out, Stamp, Zone, check_place, lab_at, shown
from scripts.command import Json, console, report, usage
from scripts.outputs import check_outputs


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
    components, contracts, signals = source.components(), source.contracts(), source.signals()
    done: dict[str, Any] = {}
    for table in tables.values():
        done |= {f"{key} ({lab_interval(table)})": value for key, value in _keep(table, zone, lab, None).items()}
    for index, lists in components.items():
        lab.save_component_data(index, lists)
    for symbol, setting in contracts.items():
        lab.add_contract_setting(symbol, **setting)
    for name, frame in signals.items():
        lab.save_signal(name, frame)
    return done | {"indices": len(components), "contracts": len(contracts), "signals": len(signals)}


def _from_qlib(source: QlibFolder, zone: str | None, lab: Lab | None, out: Path | None) -> dict[str, Any]:
    done = _keep(source.bars(zone or "UTC"), zone, lab, out)
    if lab is not None:
        components = source.components()
        for index, lists in components.items():
            lab.save_component_data(index, lists)
        done["indices"] = len(components)
    return done


def _keep(table: BarTable, zone: str | None, lab: Lab | None, out: Path | None) -> dict[str, Any]:
    frame = canonical(table, zoned=zone is not None)
    done: dict[str, Any] = {"bars": frame.height, "symbols": frame["symbol"].n_unique()}
    if lab is not None:
        saved = lab.save_bar_data(frame, lab_interval(table))
        done |= {"new": saved.new, "replaced": saved.replaced}
    elif out is not None:
        write_bars(out, frame)
        done["file"] = str(out)
    return done | {"refused": table.rejected.height} | {f"refused, {k}": v for k, v in table.rejected_by_reason.items()}


def _columns(pairs: list[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not (ours and equals and theirs):
            raise typer.BadParameter(f"{pair!r} is not OURS=THEIRS, such as datetime=Date", param_hint="--column")
        found[ours] = theirs
    return found
