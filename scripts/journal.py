"""Look at a journal, or give up its end: without the pipeline, or beside it while it runs."""

import sys
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from common.amounts import amount
from common.exits import FAILED
from common.market.journal import new_id
from common.market.journal_export import NEWEST, export_bars
from common.market.journal_mark import look_around
from common.market.journal_survey import records_of, survey
from common.market.journal_truncation import truncate as truncate_journal
from scripts.command import Json, console, main, report, warn
from scripts.outputs import check_outputs, writing
from scripts.views import journal as views
from scripts.views.gauge import BYTES, gauge

app = typer.Typer(add_completion=False, rich_markup_mode="rich", no_args_is_help=True, help=__doc__)

Folder = Annotated[
    Path, typer.Argument(help="Folder of a journal, such as STATE/journal or STATE/signals/ARM.", show_default=False)
]
First = Annotated[int | None, typer.Option("--from", min=0, metavar="BAR", help="First bar.")]
Last = Annotated[int | None, typer.Option("--to", min=0, metavar="BAR", help="Last bar.")]


@app.command()
def verify(folder: Folder, *, json_file: Json = None) -> None:
    """Verify every record of every segment. Exit status 1 if anything is corrupt; an unfinished end is not."""
    with gauge(console(), "verifying", BYTES) as show_progress:
        found = survey(folder, show_progress)
    _tell(views.survey_lines(found))
    report(json_file, views.survey_of(found))
    if found.problems:
        raise typer.Exit(FAILED)


@app.command()
def show(
    folder: Folder,
    *,
    first: First = None,
    last: Last = None,
    most: Annotated[int, typer.Option(min=1, help="Records to show at most.")] = 1000,
    json_file: Json = None,
) -> None:
    """Show the segments; with --from or --to the records of these bars."""
    _check_span(first, last)
    if first is None and last is None:
        with gauge(console(), "reading", BYTES) as show_progress:
            found = survey(folder, show_progress)
        console().print(views.survey_table(found))
        _tell(views.survey_lines(found))
        report(json_file, views.survey_of(found))
        return
    with gauge(console(), "reading", BYTES) as show_progress:
        wanted = (each for each in records_of(folder, show_progress, last) if each.bar >= (first or 0))
        rows = [views.record_of(record) for record in islice(wanted, most)]
    if rows:
        console().print(views.records_table(rows))
    else:
        warn("it has no records of these bars: `show` without --from and --to says which bars there are")
    report(json_file, rows)


@app.command()
def export(
    folder: Folder,
    *,
    out: Annotated[Path, typer.Option(help="The .parquet or .csv file to write; one that exists is replaced.")],
    first: First = None,
    last: Last = None,
    json_file: Json = None,
) -> None:
    """Write the bars of a feed's journal as a file of bars: datetime (the source's stamp), symbol, columns, bar."""
    if out.suffix not in {".parquet", ".csv"}:
        raise typer.BadParameter(f"{out} ends neither in .parquet nor in .csv", param_hint="--out")
    _check_span(first, last)
    check_outputs({"--out": out, "--json": json_file}, {"FOLDER": folder})
    with writing(out), gauge(console(), "exporting", BYTES) as show_progress:
        done = export_bars(folder, out, first or 0, _end(last), show_progress)
    span = f"bars {done.first_bar} to {done.last_bar}"
    _tell([f"{out}: {amount(done.rows, 'row')} of {amount(done.sections, 'section')}, {span}"])
    report(json_file, {"file": str(out), **asdict(done)})


@app.command()
def truncate(
    folder: Folder,
    *,
    after: Annotated[
        int | None, typer.Option(min=0, metavar="BAR", help="The last bar that stays; damage goes as well.")
    ] = None,
    at_damage: Annotated[bool, typer.Option("--at-damage", help="Only from the first damage on.")] = False,
    sound: Annotated[bool, typer.Option("--sound", help="With --after: also where nothing is damaged.")] = False,
    json_file: Json = None,
) -> None:
    """Take off the end, from the first damage on or after a bar, and give the journal another id.

    All consumers begin anew. The writer must be stopped. What is taken off stays beside as .cut files. Where nothing
    has to go nothing changes. A journal without damage is refused unless --sound says that it is meant.
    """
    if (after is None) is not at_damage:
        raise typer.BadParameter("say either --at-damage or --after BAR, the last bar that stays")
    with gauge(console(), "verifying", BYTES) as show_progress:
        done = truncate_journal(folder, after, make_id=new_id, look=look_around, progress=show_progress, sound=sound)
    _tell(views.truncated_lines(done))
    report(json_file, views.truncated_of(done))


def _check_span(first: int | None, last: int | None) -> None:
    if first is not None and last is not None and first > last:
        raise typer.BadParameter(f"{first} comes after --to {last}: exchange them", param_hint="--from")


def _end(last: int | None) -> int:
    return NEWEST if last is None else last


def _tell(lines: Any) -> None:
    people = console()
    for line in lines:
        people.print(line, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main(app, "journal"))
