"""`promote` and `rollback`: which version an alias of an instance means."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from common.models.kinds import model_class
from common.models.records import ModelRef
from common.models.registry import Registry
from scripts.command import Json, console, report, usage
from scripts.models.options import Alias, By, Instance, Name, Version, Why, who
from scripts.premises import ConfigFile, KeyFile, Premises, RegistryFolder

Again = Annotated[
    bool, typer.Option("--again", help="Also where the alias means it already: a worker that refused it tries again.")
]


def promote(
    name: Name,
    *,
    instance: Instance = None,
    why: Why,
    version: Version = None,
    alias: Alias = "champion",
    again: Again = False,
    by: By = None,
    config: ConfigFile = None,
    key: KeyFile = None,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """Make an alias of an instance mean a version; its files are verified first, the change is in the history."""
    premises = Premises.of(config, registry, key, instance=instance)
    place = premises.named_instance, alias
    with premises.writer() as models:
        ref = models.version(name, version).ref
        kind = models.load(ref).manifest.kind
        if config is not None:  # what serves it has to know its kind
            model_class(kind, premises.kinds)
        told = _promote(models, place, ref, again=again, by=who(by), why=why)
    console().print(told, highlight=False)
    _report(json_file, place, ref)


def _promote(models: Registry, place: tuple[str, str], ref: ModelRef, *, again: bool, by: str, why: str) -> str:
    with usage("--instance or --alias"):
        stays = any((row.instance, row.alias, row.ref) == (*place, ref) for row in models.aliases())
        models.promote(*place, *ref.key, by=by, why=why, again=again)
    where = "/".join(place)
    if not stays:
        return f"{where} is now {ref}"
    return (
        f"{where} is {ref} again" if again else f"{where} is {ref} already, nothing changed; --again has it tried again"
    )


def rollback(
    *,
    instance: Instance = None,
    why: Why,
    alias: Alias = "champion",
    by: By = None,
    config: ConfigFile = None,
    key: KeyFile = None,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """Make an alias mean what it meant before it last moved, its files verified; twice leads back to where it was."""
    premises = Premises.of(config, registry, key, instance=instance)
    place = premises.named_instance, alias
    with premises.writer() as models:
        ref = models.rollback(*place, by=who(by), why=why)
    console().print(f"{'/'.join(place)} is {ref} again", highlight=False)
    _report(json_file, place, ref)


def _report(json_file: Path | None, place: tuple[str, str], ref: ModelRef) -> None:
    report(json_file, {"instance": place[0], "alias": place[1], **asdict(ref)})
