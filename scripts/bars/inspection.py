"""`check`: what is wrong with a file of bars, symbol by symbol."""

from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from common.amounts import amount
from common.market.inspection import Inspection, inspect
from common.market.store import BarTable, load_bars
from scripts.bars.options import Interval, Stamp, Zone, shown
from scripts.command import Json, console, report, usage


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


def _show(bars: Path, table: BarTable, found: Inspection, rows: int, people: Console) -> None:
    frame = table.frame
    refused = ", ".join(f"{count:,} {reason}" for reason, count in table.rejected_by_reason.items()) or "none"
    people.print(
        f"{bars}: {amount(frame.height, 'bar')} of {amount(frame['symbol'].n_unique(), 'symbol')} at "
        f"{amount(len(table.times), 'time')}, every "
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
        table.add_row(*(shown(value) for value in row))
    return table


def _figures(table: BarTable, found: Inspection) -> dict[str, Any]:
    symbols = found.symbols.with_columns(pl.col("first", "last").dt.to_string())
    jumps = found.jumps.with_columns(pl.col("datetime").dt.to_string())
    return {
        "bars": table.frame.height,
        "times": len(table.times),
        "interval_s": table.interval_ns / 1e9,
        "stamped": table.stamped,
        "zone": table.zone,
        "refused": table.rejected_by_reason,
        "symbols": symbols.to_dicts(),
        "jumps": jumps.to_dicts(),
    }
