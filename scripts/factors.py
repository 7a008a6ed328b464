"""Compute a factor set over a file of bars, check one on real bars, and see what is in it."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from common.amounts import amount
from common.exits import FAILED
from common.factors.kernels import compile_all
from common.factors.plan import Plan, compile_set
from common.factors.sets import FactorSet, load_set
from common.market.constituents import Constituents
from common.market.parts import BarParts, open_parts
from common.market.span import Span
from common.research.factor_checks.checking import check_factors
from common.research.factor_checks.figures import facts_figures, outcome_figures
from common.research.factor_checks.subject import Facts, Subject
from common.research.factor_checks.window import Extent
from common.research.factor_frame import Wanted, write_factors
from scripts.bar_options import Bars, Interval, Members, Stamp, Zone
from scripts.command import Json, console, main, report, usage
from scripts.members import members_of
from scripts.outputs import check_outputs, writing
from scripts.views import factors as views
from scripts.views.gauge import gauge
from scripts.views.steps import counted

app = typer.Typer(add_completion=False, rich_markup_mode="rich", no_args_is_help=True, help=__doc__)

Set = Annotated[str, typer.Option("--set", help="A shipped factor set by name, or the .toml or .py file of your own.")]


@app.command()
def compute(
    *,
    factor_set: Set,
    bars: Bars,
    out: Annotated[Path, typer.Option(help="The parquet file to write; one that exists is replaced.")],
    start: Annotated[str | None, typer.Option(metavar="DATE", help="First stamp; earlier bars are history.")] = None,
    end: Annotated[str | None, typer.Option(metavar="DATE", help="Last stamp; a date means that whole day.")] = None,
    members: Members = None,
    marks: Annotated[bool, typer.Option("--marks", help="Non-members, too, and columns member and warm.")] = False,
    zone: Zone = "UTC",
    stamp: Stamp = "auto",
    interval: Interval = "auto",
    json_file: Json = None,
) -> None:
    """Write a long frame: datetime and symbol as the file has them, one column a factor, a row for each member's bar.

    Values are those the live factor engine publishes, to the bit. Bars are read and factors written piece by piece, so
    the file may be larger than memory.
    """
    people = console()
    check_outputs({"--out": out, "--json": json_file}, {"--set": factor_set, "--bars": bars, "--members": members})
    chosen, parts, constituents = _inputs(factor_set, bars, members, zone=zone, stamp=stamp, interval=interval)
    with usage("--start or --end"):
        span = Span.of(start, end)
    _compile(people)
    with writing(out), gauge(people, "sections", stays=True) as show:
        computed = write_factors(out, Wanted(chosen, parts, constituents, span, marks), show)
    for line in views.computed_lines(computed, out):
        people.print(line, markup=False, highlight=False, soft_wrap=True)
    report(json_file, {**views.set_of(chosen, computed.plan), **views.computed_of(computed), "file": str(out)})


@app.command()
def check(
    *,
    factor_set: Set,
    bars: Bars,
    members: Members = None,
    symbols: Annotated[int, typer.Option(min=2, help="Symbols to try, drawn by chance.")] = Extent().symbols,
    sections: Annotated[
        int | None, typer.Option(min=2, help="Newest sections to try; default: three times the warm length.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help="Trials of each check.")] = Extent().samples,
    seed: Annotated[int, typer.Option(min=0, help="Another seed tries other symbols and bars.")] = Extent().seed,
    zone: Zone = "UTC",
    stamp: Stamp = "auto",
    interval: Interval = "auto",
    json_file: Json = None,
) -> None:
    """Try a set on real bars: no look ahead, warm when it says so, honest about missing bars, members as of then.

    Exit status 1 if a factor fails, or none passes. `untested`: these bars did not allow the comparison.
    """
    people = console()
    check_outputs({"--json": json_file}, {"--set": factor_set, "--bars": bars, "--members": members})
    chosen, parts, constituents = _inputs(factor_set, bars, members, zone=zone, stamp=stamp, interval=interval)
    with usage("--set"):
        subject = Subject.of(chosen)
    _compile(people)
    with counted(people, "checking") as show:
        outcome = check_factors(
            subject,
            parts,
            constituents=constituents,
            extent=Extent(symbols, sections, samples, seed),
            progress=show,
        )
    people.print(views.check_table(chosen, outcome))
    for line in views.check_lines(outcome):
        people.print(line, highlight=False, soft_wrap=True)
    report(json_file, {"set": chosen.name, **outcome_figures(outcome)})
    if not outcome.passed:
        raise typer.Exit(FAILED)


@app.command()
def show(*, factor_set: Set, json_file: Json = None) -> None:
    """Show the factors of a set: texts, look-back, warm length, and what the whole asks for."""
    check_outputs({"--json": json_file}, {"--set": factor_set})
    chosen, plan = _plan(factor_set)
    facts = [Facts.of(name, text, chosen.operators) for name, text in chosen.factors]
    people = console()
    people.print(views.set_table(chosen, facts))
    for line in (f"label: {chosen.label}", *views.option_lines(chosen)):
        people.print(line, markup=False, highlight=False, soft_wrap=True)
    people.print(
        f"needs {', '.join(plan.columns)}; warm after {amount(plan.warm_bars, 'bar')}; plan {plan.digest.hex()}"
    )
    report(json_file, {**views.set_of(chosen, plan), "factors": [facts_figures(each) for each in facts]})


def _plan(factor_set: str) -> tuple[FactorSet, Plan]:
    with usage("--set"):
        chosen = load_set(factor_set)
        return chosen, compile_set(chosen)


def _inputs(
    factor_set: str,
    bars: Path,
    members: Path | None,
    *,
    zone: str,
    stamp: Literal["auto", "open", "close"],
    interval: str,
) -> tuple[FactorSet, BarParts, Constituents | None]:
    chosen, _ = _plan(factor_set)
    with usage("--bars"):
        parts = open_parts(bars, zone=zone, stamp=stamp, interval=interval)
    return chosen, parts, members_of(members, parts.symbols)


def _compile(people: Console) -> None:
    with counted(people, "compiling kernels") as say:
        compile_all(progress=say)


if __name__ == "__main__":
    sys.exit(main(app, "factors"))
