"""`python -m scripts.migrate`: say what of a vnpy.alpha model changes and why; register it if its predictions stay."""

import sys
from pathlib import Path

import typer

from common.exits import FAILED
from common.models.names import check_name
from common.models.signature import optional_key
from common.research.migration.migration import migrate
from common.research.migration.predictions import Limit
from scripts.bar_options import Interval, Stamp, Zone
from scripts.command import Json, RegistryFolder, console, main, report, usage
from scripts.migrate.options import (
    LIMIT,
    Author,
    Bars,
    Beyond,
    Compared,
    Deviations,
    DryRun,
    Exported,
    KeyFile,
    Members,
    MembersOut,
    Name,
    Show,
)
from scripts.migrate.outcome import register, tell
from scripts.migrate.subject import Source, Subject, keep_members
from scripts.outputs import check_outputs
from scripts.views.stages import stages

app = typer.Typer(add_completion=False, rich_markup_mode="rich")


@app.command()
def take_over(
    export: Exported,
    *,
    name: Name,
    bars: Bars = None,
    limit: Deviations = LIMIT.deviations,
    beyond: Beyond = LIMIT.share,
    compared: Compared = LIMIT.compared,
    members: Members = None,
    members_out: MembersOut = None,
    zone: Zone = "UTC",
    stamp: Stamp = "auto",
    interval: Interval = "auto",
    show: Show = 20,
    dry_run: DryRun = False,
    registry: RegistryFolder = Path("state/registry"),
    author: Author = None,
    key: KeyFile = None,
    json_file: Json = None,
) -> None:
    """Take a vnpy.alpha model over: say what changes and why, and register it if its predictions stay.

    vnpy's own factor values and predictions are compared with ours on the same bars. Where predictions move by more
    than the limit, or too few could be compared, nothing is registered, the cause is named, and the exit status is 1.
    """
    reads = {"EXPORT": export, "--bars": bars, "--members": members, "--key": key}
    check_outputs({"--members-out": members_out, "--json": json_file}, reads)
    with usage("--name"):
        check_name("model", name)
    with usage("--key"):
        chosen_key = optional_key(key)
    subject = Subject.of(export, Source(bars, zone, stamp, interval), members)
    candidate = subject.candidate(name)
    keep_members(candidate, members_out)
    with stages(console(), width=11) as say:
        migration = migrate(candidate, Limit(limit, beyond, compared), say)
    ref = None if dry_run or not migration.holds else register(migration, registry, author, chosen_key)
    report(json_file, {**tell(migration, show, ref), "rejected": subject.table.rejected_by_reason})
    if not migration.holds:
        raise typer.Exit(FAILED)


if __name__ == "__main__":
    sys.exit(main(app, "migrate"))
