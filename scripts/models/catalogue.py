"""`list` and `show`: which versions there are, and what one was made of."""

from dataclasses import asdict
from typing import Annotated

import typer

from scripts.command import Json, console, report
from scripts.models.options import Name, Version, model_of
from scripts.premises import ConfigFile, KeyFile, Premises, RegistryFolder
from scripts.views.models import list_table, model_table, row_of


def list_models(
    *,
    removed: Annotated[bool, typer.Option("--removed", help="Those that are gone instead.")] = False,
    config: ConfigFile = None,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """List every version of every model, with the aliases that point at it."""
    with Premises.of(config, registry).reader() as models:
        rows, aliases = models.models(removed=removed), models.aliases()
    marks = {row.ref: [f"{each.instance}/{each.alias}" for each in aliases if each.ref == row.ref] for row in rows}
    console().print(list_table(rows, marks))
    report(json_file, [{**row_of(row), "aliases": marks[row.ref]} for row in rows])


def show(
    name: Name,
    *,
    version: Version = None,
    config: ConfigFile = None,
    key: KeyFile = None,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """Show what a version was made of and how good it was; its files are verified first."""
    with Premises.of(config, registry, key).reader() as models:
        row = models.version(*model_of(name, version))
        manifest = models.load(row.ref).manifest
    console().print(model_table(row, manifest))
    report(json_file, {**row_of(row), "manifest": asdict(manifest)})
