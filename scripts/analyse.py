"""Analyse a factor or a signal: information coefficients, quantile returns, turnover; a table and a page."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import polars as pl
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from common.amounts import amount
from common.atomic import replacing
from common.errors import FactorError
from common.factors.kernels import compile_all
from common.factors.sets import FactorSet, load_set
from common.market.panel import Panel
from common.market.store import BarTable, load_bars
from common.nearest import did_you_mean
from common.research.analysis.analysis import Analysis, analyse
from common.research.analysis.cells import cells
from common.research.analysis.page import page
from common.research.analysis.signal_file import read_signal_file
from common.research.analysis.subject import Subject, subject_of
from common.research.factor_frame import factor_frame
from scripts.bar_options import Bars, Members, Stamp, Zone
from scripts.command import Json, console, main, report, usage, warn
from scripts.members import members_of
from scripts.outputs import check_outputs, writing

app = typer.Typer(add_completion=False, rich_markup_mode="rich", no_args_is_help=True, help=__doc__)

Horizons = Annotated[str, typer.Option(help="Returns over so many bars, separated by commas.")]
Buckets = Annotated[int, typer.Option("--quantiles", min=2, help="Buckets a section is cut into.")]
Out = Annotated[Path | None, typer.Option(help="Write the report as one HTML file.")]


@app.command()
def factor(
    name: Annotated[str, typer.Argument(help="A factor of the set.")],
    *,
    factor_set: Annotated[str, typer.Option("--set", help="A shipped set by name, or a .toml or .py file.")],
    bars: Bars,
    members: Members = None,
    horizons: Horizons = "1,5,10",
    buckets: Buckets = 5,
    zone: Zone = "UTC",
    stamp: Stamp = "auto",
    out: Out = None,
    json_file: Json = None,
) -> None:
    """Analyse one factor of a set over a file of bars."""
    check_outputs({"--out": out, "--json": json_file}, {"--set": factor_set, "--bars": bars, "--members": members})
    with usage("--set"):
        whole = load_set(factor_set)
    with usage("NAME"):
        chosen = one_factor(whole, name)
    table = _table(bars, zone, stamp)
    constituents = members_of(members, table.frame["symbol"].unique())
    compile_all()
    frame = factor_frame(table, chosen, constituents=constituents)
    subject = _subject(f"{name} of {chosen.name}", table, frame, name, horizons)
    _tell(analyse(subject, buckets), out, json_file)


@app.command()
def signal(
    signals: Annotated[Path, typer.Argument(help="Parquet or CSV with datetime, symbol, signal.")],
    *,
    bars: Bars,
    column: Annotated[str, typer.Option(help="The column to analyse.")] = "signal",
    arm: Annotated[str | None, typer.Option(help="Whose signals, where the file holds those of several arms.")] = None,
    horizons: Horizons = "1,5,10",
    buckets: Buckets = 5,
    zone: Zone = "UTC",
    stamp: Stamp = "auto",
    out: Out = None,
    json_file: Json = None,
) -> None:
    """Analyse a file of signals, such as a replay's `signals.parquet`, against the bars it was made from.

    Of a replay's file the last revision of each section counts; what was held or void does not.
    """
    check_outputs({"--out": out, "--json": json_file}, {"SIGNALS": signals, "--bars": bars})
    table = _table(bars, zone, stamp)
    with usage("SIGNALS"):
        frame = read_signal_file(signals, column, arm=arm)
    compile_all()
    name = signals.stem if arm is None else f"{signals.stem} of {arm}"
    _tell(analyse(_subject(name, table, frame, column, horizons), buckets), out, json_file)


def one_factor(factor_set: FactorSet, name: str) -> FactorSet:
    """The set with one factor alone; raises FactorError with the closest name."""
    texts = dict(factor_set.factors)
    if name not in texts:
        raise FactorError(f"set {factor_set.name} has no factor {name!r}{did_you_mean(name, list(texts))}")
    return replace(factor_set, factors=((name, texts[name]),))


def clock_of(table: BarTable) -> str:
    """Zone of the clock that the stamps of bars are read from: their own, or the one they were loaded with."""
    kind = table.datetime_type
    return (kind.time_zone if isinstance(kind, pl.Datetime) else None) or table.zone


def _table(bars: Path, zone: str, stamp: Literal["auto", "open", "close"]) -> BarTable:
    with usage("--bars"):
        return load_bars(bars, zone=zone, stamp=stamp)


def _subject(name: str, table: BarTable, frame: pl.DataFrame, column: str, horizons: str) -> Subject:
    with usage("--horizons"):
        wanted = _whole(horizons)
    subject = subject_of(name, Panel.from_frame(table.frame), frame, column, wanted, clock=clock_of(table))
    _tell_unknown(subject)
    return subject


def _tell_unknown(subject: Subject) -> None:
    """Warn of horizons that no value has a return over."""
    for horizon in subject.horizons:
        if not np.isfinite(subject.returns[horizon]).any():
            warn(
                f"--horizons {horizon}: no value has a return over {amount(horizon, 'bar')}: the bars end before, "
                f"{len(subject.stamp):,} sections have values; give a shorter one, or more bars"
            )


def _whole(text: str) -> list[int]:
    try:
        found = sorted({int(part) for part in text.split(",")})
    except ValueError:
        raise FactorError(f"{text!r}: whole numbers separated by commas, such as 1,5,10") from None
    if found[0] < 1:
        raise FactorError(f"{text!r}: {found[0]} is no horizon: returns are over 1 bar or more, such as 1,5,10")
    return found


def _tell(analysis: Analysis, out: Path | None, json_file: Path | None) -> None:
    people = console()
    people.print(_view(analysis))
    if out is not None:
        with writing(out), replacing(out) as temporary:
            temporary.write_text(page(analysis), encoding="utf-8")
        people.print(f"report: {out}", markup=False, highlight=False, soft_wrap=True)
    report(json_file, analysis.figures())


def _view(analysis: Analysis) -> Table:
    table = Table(box=SIMPLE_HEAD, title=analysis.subject.name, title_justify="left")
    rows = [cells(analysis, horizon) for horizon in analysis.subject.horizons]
    heads = [each for each in rows[0] if each != "autocorrelation"]
    for heading in heads:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*(row[each] for each in heads))
    return table


if __name__ == "__main__":
    sys.exit(main(app, "analyse"))
