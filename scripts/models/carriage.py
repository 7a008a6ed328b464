"""`export`, `import` and `remove`: how a version leaves a registry, and comes into one."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from common.atomic import replacing
from common.errors import BundleError
from common.models.archive import decode_archive, encode_archive
from common.models.signature import read_signature
from scripts.command import Json, console, report
from scripts.models.options import By, Name, Version, Why, model_of, who
from scripts.outputs import check_outputs, writing
from scripts.premises import ConfigFile, KeyFile, Premises, RegistryFolder


def export_model(
    name: Name,
    *,
    out: Annotated[Path | None, typer.Option(help="File to write; default: NAME-VERSION.tar.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Also where the file is there already.")] = False,
    version: Version = None,
    config: ConfigFile = None,
    key: KeyFile = None,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """Write a version as one file, its signature with it."""
    with Premises.of(config, registry, key).reader() as models:
        ref = models.version(*model_of(name, version)).ref
        body = encode_archive(models.load(ref), read_signature(models.folder(ref)))
    target = out or Path(f"{ref.name}-{ref.version}.tar")
    check_outputs({"--out": target, "--json": json_file}, {"--config": config, "--key": key})
    if target.exists() and not replace:  # it may be meant for something else
        raise typer.BadParameter(f"{target} is there already; another name, or --replace", param_hint="--out")
    with writing(target), replacing(target) as temporary:
        temporary.write_bytes(body)
    console().print(f"{target} holds {ref} ({len(body):,} bytes)", highlight=False)
    report(json_file, {"file": str(target), "bytes": len(body), **asdict(ref)})


def import_model(
    file: Annotated[Path, typer.Argument(help="What `export` wrote.")],
    *,
    config: ConfigFile = None,
    key: KeyFile = None,
    by: By = None,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """Put a version from another registry on record here, under the next number of its name."""
    premises = Premises.of(config, registry, key)
    try:
        bundle, signature = decode_archive(file.read_bytes())
    except OSError as error:
        told = f"{file} cannot be read: {error.strerror}; name a file that `models export` wrote"
        raise typer.BadParameter(told, param_hint="FILE") from error
    except BundleError as error:
        raise BundleError(f"{file}: {error}") from error
    with premises.maker() as models:
        ref = models.receive(bundle, signature, author=who(by), why=f"imported from {file.name}")
    console().print(f"{ref} is on record", highlight=False)
    report(json_file, asdict(ref))


def remove(
    name: Name,
    *,
    version: Annotated[int | None, typer.Option("--version", min=1, help="Its version.")] = None,
    why: Why,
    by: By = None,
    config: ConfigFile = None,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """Delete a version that nobody needs; its number, and what it served, stay on record.

    Needed is what an alias means, what it would mean after a rollback, and what served an arm last.
    """
    which, number = model_of(name, version)
    if number is None:
        raise typer.BadParameter("which one? there is no default", param_hint="--version")
    with Premises.of(config, registry).writer() as models:
        ref = models.remove(which, number, by=who(by), why=why)
    console().print(f"{ref} is removed", highlight=False)
    report(json_file, asdict(ref))
