"""Bring bars in from elsewhere or fetch them, lay splits and dividends over them, and see what is wrong with a file."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from alphabus.clock import SystemClock
from common.errors import BarFileError
from common.market.adjustment import adjust as lay_over
from common.market.adjustment import load_events
from common.market.importing.candles import MS, Wanted
from common.market.importing.canonical import canonical, lab_interval, lab_name, write_bars
from common.market.importing.exchange import Exchange
from common.market.importing.fetching import Fetched
from common.market.importing.fetching import fetch as fetch_history
from common.market.importing.keepers import FileKeeper, Keeper
from common.market.importing.named import Named, read_named
from common.market.importing.qlib import QlibFolder
from common.market.importing.vnpy_lab import FOLDERS, VnpyLab
from common.market.inspection import Inspection, inspect
from common.market.span import Span
from common.market.stamps import parse_interval
from common.market.store import BarTable, load_bars
from common.research.lab import Lab
from common.research.lab.keeper import LabKeeper
from scripts.command import Json, console, main, report, usage

app = typer.Typer(add_completion=False, rich_markup_mode="rich", no_args_is_help=True, help=__doc__)

Zone = Annotated[str | None, typer.Option(help="Time zone of the stamps; it is kept. Default: stamps without one.")]
Stamp = Annotated[Literal["auto", "open", "close"], typer.Option(help="What the stamps mark.")]
Interval = Annotated[str, typer.Option(help="Bar interval such as 1d or 15min.")]
Out = Annotated[Path | None, typer.Option(help="Write one parquet file.")]
LabFolder = Annotated[Path | None, typer.Option("--lab", help="Save into a lab; later bars correct older ones.")]


@app.command("import")
def import_(
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
    _check_place(out, lab)
    target = None if lab is None else _lab(lab)
    with usage("SOURCE"):
        if VnpyLab.is_one(source):
            done = _from_vnpy(VnpyLab(source), zone, target, out)
        elif QlibFolder.is_one(source):
            done = _from_qlib(QlibFolder(source, frequency), zone, target, out)
        else:
            named = Named(_columns(column or []), symbol, zone or "UTC", stamp, interval)
            done = _keep(read_named(source, named), zone, target, out)
    for name, count in done.items():
        console().print(f"{name}: {_cell(count)}", markup=False, highlight=False, soft_wrap=True)
    report(json_file, done)


@app.command()
def fetch(
    *,
    exchange: Annotated[str, typer.Option(help="Name of an exchange as ccxt has it, such as binance.")],
    symbol: Annotated[list[str], typer.Option(help="Such as BTC/USDT; may be repeated.")],
    start: Annotated[str, typer.Option(metavar="DATE", help="First bar, in UTC; what is saved already is not asked.")],
    end: Annotated[
        str | None, typer.Option(metavar="DATE", help="Last bar, in UTC; default: the last complete.")
    ] = None,
    interval: Annotated[str, typer.Option(help="Bar interval such as 1d or 15min.")] = "1d",
    host: Annotated[str | None, typer.Option(metavar="URL", help="Ask a mirror at this address instead.")] = None,
    out: Out = None,
    lab: LabFolder = None,
    json_file: Json = None,
) -> None:
    """Download the history of crypto symbols through ccxt, or go on after the last bar saved.

    A bar that is still forming is left out. What came before an error, or before Ctrl-C, is saved. A symbol is called
    SYMBOL.EXCHANGE, such as BTC/USDT.BINANCE.
    """
    keeper = _keeper(out, lab, interval)
    with usage("--interval"):
        interval_ms = parse_interval(interval) // MS
    with usage("--start or --end"):
        span = Span.of(start, end)
    source = Exchange.open(exchange, host)
    with usage("--symbol or --interval"):
        for each in symbol:
            source.check(each, interval)
    figures = {}
    for each in symbol:
        name = f"{each}.{exchange.upper()}"
        with _progress(console(), name) as show:
            wanted = Wanted(each, interval, interval_ms, span.first // MS, span.last // MS)
            found = fetch_history(source, wanted, name, keeper, show)
        figures[name] = _fetched(name, found)
    report(json_file, {"to": str(out or lab), "symbols": figures})


@app.command()
def adjust(
    bars: Annotated[Path, typer.Argument(help="CSV or parquet of bars, unadjusted.")],
    *,
    events: Annotated[Path, typer.Option(help="CSV or parquet of symbol, date, kind (split, dividend), value.")],
    out: Annotated[Path, typer.Option(help="The parquet file to write.")],
    zone: Zone = None,
    stamp: Stamp = "auto",
    interval: Interval = "auto",
    json_file: Json = None,
) -> None:
    """Add price_factor and share_factor: factors then see neither splits nor dividends, and prices stay as traded."""
    with usage("BARS"):
        table = load_bars(bars, zone=zone or "UTC", stamp=stamp, interval=interval)
    with usage("--events"):
        found = load_events(events)
    adjusted = BarTable(
        lay_over(table.frame, found), table.rejected, table.interval_ns, table.stamped, table.zone,
        table.symbol_column, table.datetime_type,
    )  # fmt: skip
    write_bars(out, canonical(adjusted, zoned=zone is not None))
    console().print(f"{out}: {table.frame.height:,} bars, {len(found):,} events", markup=False, highlight=False)
    report(json_file, {"file": str(out), "bars": table.frame.height, "events": len(found)})


@app.command()
def check(
    bars: Annotated[Path, typer.Argument(help="CSV or parquet of bars.")],
    *,
    rows: Annotated[int, typer.Option(min=1, help="Symbols and jumps to show.")] = 20,
    zone: Zone = None,
    stamp: Stamp = "auto",
    interval: Interval = "auto",
    json_file: Json = None,
) -> None:
    """Say what is wrong with a file, symbol by symbol: refused rows, missing and repeated bars, jumps."""
    with usage("BARS"):
        table = load_bars(bars, zone=zone or "UTC", stamp=stamp, interval=interval)
    found = inspect(table)
    _show(bars, table, found, rows, console())
    report(json_file, _figures(table, found))


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


def _check_place(out: Path | None, lab: Path | None) -> None:
    if (out is None) == (lab is None):
        raise typer.BadParameter("say where to: --out FILE.parquet or --lab FOLDER", param_hint="--out")


def _lab(folder: Path) -> Lab:
    return Lab(folder, clock=SystemClock().wall_ns, author=getpass.getuser())


def _keeper(out: Path | None, lab: Path | None, interval: str) -> Keeper:
    """Where fetched bars go; a lab has days and minutes alone, which is said before anything is asked."""
    _check_place(out, lab)
    if out is not None:
        return FileKeeper(out, interval)
    keeper = LabKeeper(_lab(lab or Path()), interval)
    with usage("--interval"):
        lab_name(parse_interval(interval))
    return keeper


def _fetched(name: str, found: Fetched) -> dict[str, Any]:
    known = f", after those up to {_moment(found.known_ns)}" if found.known_ns is not None else ""
    refused = ", ".join(f"{count:,} {reason}" for reason, count in found.refused.items()) or "none"
    line = f"{name}: {found.bars:,} bars{known}; refused: {refused}"
    console().print(line, markup=False, highlight=False, soft_wrap=True)
    return {"bars": found.bars, "known": _moment(found.known_ns), "refused": dict(found.refused)}


def _moment(time_ns: int | None) -> str | None:
    """A moment in UTC, to the second."""
    return None if time_ns is None else f"{datetime.fromtimestamp(time_ns // 10**9, UTC):%Y-%m-%d %H:%M:%S}"


@contextmanager
def _progress(people: Console, what: str) -> Iterator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=people, transient=True) as bars:
        task = bars.add_task(escape(what), total=None)
        yield lambda done, most: bars.update(task, completed=done, total=most)


def _columns(pairs: list[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not (ours and equals and theirs):
            raise typer.BadParameter(f"{pair!r} is not OURS=THEIRS, such as datetime=Date", param_hint="--column")
        found[ours] = theirs
    return found


def _show(bars: Path, table: BarTable, found: Inspection, rows: int, people: Console) -> None:
    frame = table.frame
    refused = ", ".join(f"{count:,} {reason}" for reason, count in table.rejected_by_reason.items()) or "none"
    people.print(
        f"{bars}: {frame.height:,} bars of {frame['symbol'].n_unique():,} symbols at {len(table.times):,} times, every "
        f"{table.interval_ns / 1e9:g} s, stamped at the {table.stamped} in {table.zone}; refused: {refused}",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    worst = found.worst(rows)
    if worst.height:
        people.print(_table(worst, f"symbols with most to say ({worst.height} shown)"))
    if found.jumps.height:
        people.print(_table(found.jumps.head(rows), f"closes that moved by half or more ({found.jumps.height:,})"))


def _table(frame: pl.DataFrame, title: str) -> Table:
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left")
    for name in frame.columns:
        table.add_column(name.replace("_", " "), justify="left" if name == "symbol" else "right")
    for row in frame.iter_rows():
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _figures(table: BarTable, found: Inspection) -> dict[str, Any]:
    shown = found.symbols.with_columns(pl.col("first", "last").dt.to_string())
    jumps = found.jumps.with_columns(pl.col("datetime").dt.to_string())
    return {
        "bars": table.frame.height,
        "times": len(table.times),
        "interval_s": table.interval_ns / 1e9,
        "stamped": table.stamped,
        "zone": table.zone,
        "refused": table.rejected_by_reason,
        "symbols": shown.to_dicts(),
        "jumps": jumps.to_dicts(),
    }


if __name__ == "__main__":
    sys.exit(main(app, "bars"))
