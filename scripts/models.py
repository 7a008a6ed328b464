"""See which models are on record, and say which one an alias means."""

import getpass
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from alphabus.clock import SystemClock
from common.models.bundle import load_bundle
from common.models.manifest import Manifest, Span
from common.models.records import ModelRow
from common.models.registry import Registry
from scripts.command import Json, RegistryFolder, console, main, report, usage

DEFAULT = Path("state/registry")

app = typer.Typer(add_completion=False, rich_markup_mode="rich", no_args_is_help=True, help=__doc__)

Name = Annotated[str, typer.Argument(help="Name of the model.")]
Version = Annotated[int | None, typer.Option("--version", min=1, help="Its version; default: the newest.")]


@app.command("list")
def list_models(registry: RegistryFolder = DEFAULT, json_file: Json = None) -> None:
    """List every version of every model, with the aliases that point at it."""
    with _opened(registry) as models:
        rows, aliases = models.models(), models.aliases()
    marks = {row.ref: [f"{each.instance}/{each.alias}" for each in aliases if each.ref == row.ref] for row in rows}
    _print_list(rows, marks)
    report(json_file, [{**_row(row), "aliases": marks[row.ref]} for row in rows])


@app.command()
def show(name: Name, version: Version = None, registry: RegistryFolder = DEFAULT, json_file: Json = None) -> None:
    """Show what a version was made of and how good it was; its files are verified first."""
    with _opened(registry) as models:
        row = models.version(name, version)
        manifest = load_bundle(models.folder(row.ref)).manifest
    _print_model(row, manifest)
    report(json_file, {**_row(row), "manifest": asdict(manifest)})


@app.command()
def promote(
    name: Name,
    *,
    instance: Annotated[str, typer.Option(help="The instance the alias belongs to.")],
    why: Annotated[str, typer.Option(help="The reason, for the history.")],
    version: Version = None,
    alias: Annotated[str, typer.Option(help="The alias that shall mean it.")] = "champion",
    by: Annotated[str | None, typer.Option(help="Who decides; default: the user.")] = None,
    registry: RegistryFolder = DEFAULT,
    json_file: Json = None,
) -> None:
    """Make an alias of an instance mean a version; its files are verified first, the change is in the history."""
    with _opened(registry):
        pass
    with Registry(registry, clock=SystemClock().wall_ns) as models:
        ref = models.version(name, version).ref
        load_bundle(models.folder(ref))
        with usage("--instance or --alias"):
            models.promote(instance, alias, name, ref.version, by=by or getpass.getuser(), why=why)
    console().print(f"{instance}/{alias} is now {ref}", highlight=False)
    report(json_file, {"instance": instance, "alias": alias, **asdict(ref)})


def _opened(folder: Path) -> Registry:
    return Registry(folder, clock=SystemClock().wall_ns, read_only=True)


def _row(row: ModelRow) -> dict[str, Any]:
    return {**asdict(row.ref), "kind": row.kind, "created": _when(row.created_ns), "author": row.author}


def _span(span: Span) -> str:
    return f"{_when(span.first)} .. {_when(span.last)}, {span.sections} sections"


def _when(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%SZ}"


def _print_list(rows: list[ModelRow], marks: dict[Any, list[str]]) -> None:
    table = Table("model", "kind", "created", "author", "digest", "aliases")
    for row in rows:
        aliases = ", ".join(marks[row.ref])
        table.add_row(str(row.ref), row.kind, _when(row.created_ns), row.author, row.ref.digest[:12], aliases)
    console().print(table)


def _print_model(row: ModelRow, manifest: Manifest) -> None:
    factors = manifest.factor_set
    table = Table(show_header=False, title=str(row.ref), title_justify="left")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    facts = {
        "digest": row.ref.digest,
        "kind": row.kind,
        "created": f"{_when(row.created_ns)} by {row.author}",
        "factor set": f"{factors.name} ({len(manifest.features)} factors, plan {factors.plan[:8]})",
        "label": f"{manifest.label.text} ({manifest.label.horizon_bars} bars ahead, {manifest.label.processing})",
        **{name: _span(span) for name, span in manifest.spans.items()},
        "bars": f"{manifest.data.rows:,} of {manifest.data.symbols} symbols",
        **{score: f"{value:,.5g}" for score, value in sorted(manifest.scores.items())},
        "parameters": ", ".join(f"{key}={value}" for key, value in sorted(manifest.training.parameters.items())),
        "made with": ", ".join(f"{library} {version}" for library, version in sorted(manifest.libraries.items())),
    }
    for key, value in facts.items():
        table.add_row(key, value)
    console().print(table)


if __name__ == "__main__":
    sys.exit(main(app, "models"))
