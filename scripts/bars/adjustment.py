"""`adjust`: splits and dividends laid over a file of bars."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from common.amounts import amount
from common.market.adjustment import adjust as lay_over
from common.market.events import load_events
from common.market.importing.canonical import canonical, write_bars
from common.market.store import load_bars
from common.market.strangers import without_bars
from scripts.bars.options import Interval, Stamp, Zone
from scripts.command import Json, console, report, usage, warn
from scripts.outputs import check_outputs


def adjust(
    bars: Annotated[Path, typer.Argument(help="CSV or parquet of bars; factors it has already go on.")],
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
        done = lay_over(table.frame, found)
    write_bars(out, canonical(replace(table, frame=done.frame), zoned=zone is not None))
    told = f"{out}: {amount(table.frame.height, 'bar')}, {done.laid:,} of {len(found):,} events"
    console().print(told, markup=False, highlight=False, soft_wrap=True)
    if done.outside:
        warn(f"{amount(done.outside, 'event')} before the first bar of the symbol, or after its last: not laid over")
    if strange := without_bars((each.symbol for each in found), table.frame["symbol"], "symbols of events"):
        warn(strange)
    figures = {"events": done.laid, "outside": done.outside, "without_bars": list(done.strangers)}
    report(json_file, {"file": str(out), "bars": table.frame.height, **figures})
