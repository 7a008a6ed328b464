"""`verify`, `sign` and `key`: whether a version is what it was, and who vouches for it."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from common.errors import ModelError
from common.exits import FAILED
from common.models.proof import prove
from common.models.records import ModelRow
from common.models.registry import Registry
from common.models.signature import make_key
from scripts.command import Json, console, report
from scripts.models.options import Name, Version, model_of
from scripts.premises import ConfigFile, KeyFile, OwnKinds, Premises, RegistryFolder
from scripts.views.models import verdict_table


def verify(
    name: Annotated[str | None, typer.Argument(help="Only this model.")] = None,
    *,
    version: Version = None,
    config: ConfigFile = None,
    key: KeyFile = None,
    own_kind: OwnKinds = None,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """Read every file again, compare every digest, and have the golden questions answered; 1 if one is not good."""
    premises = Premises.of(config, registry, key, own_kind)
    with premises.reader() as models:
        verdicts = [_verdict(models, row, premises.kinds) for row in _chosen(models, name, version)]
    console().print(verdict_table(verdicts))
    report(json_file, verdicts)
    if not all(each["good"] for each in verdicts):
        raise typer.Exit(FAILED)


def _chosen(models: Registry, name: str | None, version: int | None) -> list[ModelRow]:
    if name is None:
        if version is not None:
            raise typer.BadParameter("of which model? name it", param_hint="--version")
        return models.models()
    which, number = model_of(name, version)
    return models.versions(which) if number is None else [models.version(which, number)]


def sign(
    name: Name,
    *,
    config: ConfigFile = None,
    key: KeyFile = None,
    version: Version = None,
    replace: Annotated[bool, typer.Option("--replace", help="Also where another key has signed it.")] = False,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """Vouch for a version that is on record already; one signature is there, of one key."""
    premises = Premises.of(config, registry, key)
    if premises.key is None:
        raise typer.BadParameter("name a key file, or a configuration that has one", param_hint="--key, --config")
    with premises.writer() as models:
        ref = models.version(*model_of(name, version)).ref
        models.sign(ref, premises.key, replace=replace)
    console().print(f"{ref} is signed with key {premises.key.id}", highlight=False)
    report(json_file, {"key": premises.key.id, **asdict(ref)})


def new_key(
    file: Annotated[Path, typer.Argument(help="File to write; it must not be there.")], json_file: Json = None
) -> None:
    """Make a key that signs, and checks signatures; whoever has it can do both."""
    made = make_key(file)
    console().print(f"{file} holds key {made.id}", highlight=False)
    report(json_file, {"file": str(file), "key": made.id})


def _verdict(models: Registry, row: ModelRow, kinds: Mapping[str, str]) -> dict[str, Any]:
    try:
        prove(models.load(row.ref), kinds)
    except ModelError as error:
        return {**asdict(row.ref), "good": False, "trouble": str(error)}
    return {**asdict(row.ref), "good": True, "trouble": None}
