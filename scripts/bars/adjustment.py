"""`adjust`: splits and dividends laid over a file of bars."""

from pathlib import Path
from typing import Annotated

import typer

from common.market.adjustment import adjust as lay_over
from common.market.adjustment import load_events
from common.market.importing.canonical import canonical, write_bars
from common.market.store import BarTable, load_bars
from scripts.bars.options import Interval, Stamp, Zone
from scripts.command import Json, console, report, usage
from scripts.outputs import check_outputs


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
    check_outputs({"--out": out, "--json": json_file}, {"BARS": bars, "--events": events})
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
