"""`fetch`: the history of crypto symbols through ccxt, into a file or a lab."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from common.amounts import amount
from common.market.importing.candles import MS, Wanted
from common.market.importing.canonical import lab_name
from common.market.importing.exchange import Exchange
from common.market.importing.fetching import Fetched
from common.market.importing.fetching import fetch as fetch_history
from common.market.importing.keepers import FileKeeper, Keeper
from common.market.span import Span
from common.market.stamps import parse_interval
from common.research.lab.keeper import LabKeeper
from scripts.bars.options import LabFolder, Out, check_place, lab_at
from scripts.command import Json, console, report, usage
from scripts.outputs import check_outputs
from scripts.views.gauge import SHARE, gauge


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
    check_outputs({"--out": out, "--json": json_file}, {})
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
        with gauge(console(), name, SHARE) as show:
            wanted = Wanted(each, interval, interval_ms, span.first // MS, span.last // MS)
            found = fetch_history(source, wanted, name, keeper, show)
        figures[name] = _fetched(name, found)
    report(json_file, {"to": str(out or lab), "symbols": figures})


def _keeper(out: Path | None, lab: Path | None, interval: str) -> Keeper:
    """Where fetched bars go; a lab has days and minutes alone, which is said before anything is asked."""
    check_place(out, lab)
    if out is not None:
        return FileKeeper(out, interval)
    keeper = LabKeeper(lab_at(lab or Path()), interval)
    with usage("--interval"):
        lab_name(parse_interval(interval))
    return keeper


def _fetched(name: str, found: Fetched) -> dict[str, Any]:
    known = f", after those up to {_moment(found.known_ns)}" if found.known_ns is not None else ""
    refused = ", ".join(f"{count:,} {reason}" for reason, count in found.refused.items()) or "none"
    line = f"{name}: {amount(found.bars, 'bar')}{known}; refused: {refused}"
    console().print(line, markup=False, highlight=False, soft_wrap=True)
    return {"bars": found.bars, "known": _moment(found.known_ns), "refused": dict(found.refused)}


def _moment(time_ns: int | None) -> str | None:
    """A moment in UTC, to the second."""
    return None if time_ns is None else f"{datetime.fromtimestamp(time_ns // 10**9, UTC):%Y-%m-%d %H:%M:%S}"
