"""See which models are on record, and say which one an alias means."""

import getpass
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from alphabus.clock import SystemClock
from common.atomic import replacing
from common.errors import BundleError, ModelError
from common.models.archive import decode_archive, encode_archive
from common.models.kinds import known_kinds, own_kinds, read_entries
from common.models.proof import prove
from common.models.records import ModelRow
from common.models.registry import Registry
from common.models.signature import Key, load_key, make_key, read_signature
from common.research.importance_plot import plot_importance, plot_page
from scripts.command import FAILED, Json, RegistryFolder, console, main, report, usage
from scripts.views.models import (
    change_of,
    history_table,
    importance_table,
    list_table,
    model_table,
    row_of,
    serving_of,
    verdict_table,
)

DEFAULT = Path("state/registry")

app = typer.Typer(add_completion=False, rich_markup_mode="rich", no_args_is_help=True, help=__doc__)

Name = Annotated[str, typer.Argument(help="Name of the model.")]
Version = Annotated[int | None, typer.Option("--version", min=1, help="Its version; default: the newest.")]
Instance = Annotated[str, typer.Option("--instance", help="The instance the alias belongs to.")]
Alias = Annotated[str, typer.Option("--alias", help="The alias.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for the history.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides; default: the user.")]
KeyFile = Annotated[Path | None, typer.Option("--key", help="Key file: what is not signed with it is refused.")]
OwnKinds = Annotated[
    list[str] | None, typer.Option("--own-kind", metavar="NAME=MODULE:CLASS", help="A kind of your own.")
]


@app.command("list")
def list_models(
    *,
    removed: Annotated[bool, typer.Option("--removed", help="Those that are gone instead.")] = False,
    registry: RegistryFolder = DEFAULT,
    json_file: Json = None,
) -> None:
    """List every version of every model, with the aliases that point at it."""
    with _reader(registry) as models:
        rows, aliases = models.models(removed=removed), models.aliases()
    marks = {row.ref: [f"{each.instance}/{each.alias}" for each in aliases if each.ref == row.ref] for row in rows}
    console().print(list_table(rows, marks))
    report(json_file, [{**row_of(row), "aliases": marks[row.ref]} for row in rows])


@app.command()
def show(name: Name, version: Version = None, registry: RegistryFolder = DEFAULT, json_file: Json = None) -> None:
    """Show what a version was made of and how good it was; its files are verified first."""
    with _reader(registry) as models:
        row = models.version(name, version)
        manifest = models.load(row.ref).manifest
    console().print(model_table(row, manifest))
    report(json_file, {**row_of(row), "manifest": asdict(manifest)})


@app.command()
def promote(
    name: Name,
    *,
    instance: Instance,
    why: Why,
    version: Version = None,
    alias: Alias = "champion",
    by: By = None,
    key: KeyFile = None,
    registry: RegistryFolder = DEFAULT,
    json_file: Json = None,
) -> None:
    """Make an alias of an instance mean a version; its files are verified first, the change is in the history."""
    with _writer(registry, _key(key)) as models:
        ref = models.version(name, version).ref
        models.load(ref)
        with usage("--instance or --alias"):
            models.promote(instance, alias, name, ref.version, by=_by(by), why=why)
    console().print(f"{instance}/{alias} is now {ref}", highlight=False)
    report(json_file, {"instance": instance, "alias": alias, **asdict(ref)})


@app.command()
def rollback(
    *,
    instance: Instance,
    why: Why,
    alias: Alias = "champion",
    by: By = None,
    registry: RegistryFolder = DEFAULT,
    json_file: Json = None,
) -> None:
    """Make an alias mean what it meant before its last change; twice leads back to where it was."""
    with _writer(registry) as models:
        ref = models.rollback(instance, alias, by=_by(by), why=why)
    console().print(f"{instance}/{alias} is {ref} again", highlight=False)
    report(json_file, {"instance": instance, "alias": alias, **asdict(ref)})


@app.command()
def history(
    *,
    instance: Annotated[str | None, typer.Option(help="Only of this instance.")] = None,
    alias: Annotated[str | None, typer.Option(help="Only of this alias.")] = None,
    registry: RegistryFolder = DEFAULT,
    json_file: Json = None,
) -> None:
    """Every change, oldest first: when, what, from, to, by whom, why."""
    with _reader(registry) as models:
        changes = models.history(instance, alias)
    console().print(history_table(changes))
    report(json_file, [change_of(change) for change in changes])


@app.command()
def served(
    *,
    instance: Instance,
    bar: Annotated[int, typer.Option(min=0, help="Number of the section.")],
    arm: Annotated[str, typer.Option(help="The arm.")] = "champion",
    journal: Annotated[str | None, typer.Option(help="Its journal, in hex; default: the newest.")] = None,
    registry: RegistryFolder = DEFAULT,
    json_file: Json = None,
) -> None:
    """Say which version really served an arm at a bar."""
    with usage("--journal"):
        chosen = None if journal is None else _journal(journal)
    with _reader(registry) as models:
        found = models.served_at(instance, arm, bar, journal=chosen)
    if found is None:
        raise ModelError(f"nothing is on record as having served {instance}/{arm} at bar {bar}")
    console().print(f"{found.name}/{found.version} served {instance}/{arm} from bar {found.bar} on", highlight=False)
    report(json_file, serving_of(found))


@app.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="Only this model.")] = None,
    *,
    version: Version = None,
    key: KeyFile = None,
    own_kind: OwnKinds = None,
    registry: RegistryFolder = DEFAULT,
    json_file: Json = None,
) -> None:
    """Read every file again, compare every digest, and have the golden questions answered; 1 if one is not good."""
    kinds = _kinds(own_kind)
    with _reader(registry, _key(key)) as models:
        rows = models.models() if name is None else models.versions(name)
        chosen = rows if version is None else [models.version(str(name), version)]
        verdicts = [_verdict(models, row, kinds) for row in chosen]
    console().print(verdict_table(verdicts))
    report(json_file, verdicts)
    if not all(each["good"] for each in verdicts):
        raise typer.Exit(FAILED)


@app.command("export")
def export_model(
    name: Name,
    *,
    out: Annotated[Path | None, typer.Option(help="File to write; default: NAME-VERSION.tar.")] = None,
    version: Version = None,
    registry: RegistryFolder = DEFAULT,
    json_file: Json = None,
) -> None:
    """Write a version as one file, its signature with it."""
    with _reader(registry) as models:
        ref = models.version(name, version).ref
        body = encode_archive(models.load(ref), read_signature(models.folder(ref)))
    target = out or Path(f"{ref.name}-{ref.version}.tar")
    with replacing(target) as temporary:
        temporary.write_bytes(body)
    console().print(f"{target} holds {ref} ({len(body):,} bytes)", highlight=False)
    report(json_file, {"file": str(target), "bytes": len(body), **asdict(ref)})


@app.command("import")
def import_model(
    file: Annotated[Path, typer.Argument(help="What `export` wrote.")],
    *,
    key: KeyFile = None,
    by: By = None,
    registry: RegistryFolder = DEFAULT,
    json_file: Json = None,
) -> None:
    """Put a version from another registry on record here, under the next number of its name."""
    try:
        bundle, signature = decode_archive(file.read_bytes())
    except (BundleError, OSError) as error:
        raise BundleError(f"{file}: {error}") from error
    with Registry(registry, clock=SystemClock().wall_ns, key=_key(key)) as models:
        ref = models.receive(bundle, signature, author=_by(by), why=f"imported from {file.name}")
    console().print(f"{ref} is on record", highlight=False)
    report(json_file, asdict(ref))


@app.command()
def remove(
    name: Name,
    *,
    version: Annotated[int, typer.Option("--version", min=1, help="Its version.")],
    why: Why,
    by: By = None,
    registry: RegistryFolder = DEFAULT,
    json_file: Json = None,
) -> None:
    """Delete a version that no alias means; its number, and what it served, stay on record."""
    with _writer(registry) as models:
        ref = models.remove(name, version, by=_by(by), why=why)
    console().print(f"{ref} is removed", highlight=False)
    report(json_file, asdict(ref))


@app.command()
def importance(
    name: Name,
    *,
    version: Version = None,
    by: Annotated[str | None, typer.Option(help="Measure to sort by.")] = None,
    top: Annotated[int, typer.Option(min=1, help="How many features to show.")] = 20,
    plot: Annotated[Path | None, typer.Option(help="Write a page with bars, such as importance.html.")] = None,
    own_kind: OwnKinds = None,
    registry: RegistryFolder = DEFAULT,
    json_file: Json = None,
) -> None:
    """Say which features a version leans on; as a plot, too, if asked. The JSON holds all of them."""
    with _reader(registry) as models:
        ref = models.version(name, version).ref
        found = prove(models.load(ref), _kinds(own_kind)).detail()
    with usage("--by"):
        by = found.measure(by)
    console().print(importance_table(str(ref), found, by, top))
    if plot is not None:
        page = plot_page(plot_importance(found, str(ref), by=by, most=top))
        with replacing(plot) as temporary:
            temporary.write_text(page, encoding="utf-8")
    report(json_file, [{"feature": feature, **numbers} for feature, numbers in found.table(by)])


@app.command()
def sign(
    name: Name,
    *,
    key: Annotated[Path, typer.Option("--key", help="Key file.")],
    version: Version = None,
    registry: RegistryFolder = DEFAULT,
    json_file: Json = None,
) -> None:
    """Vouch for a version that is on record already."""
    chosen = load_key(key)
    with _writer(registry) as models:
        ref = models.version(name, version).ref
        models.sign(ref, chosen)
    console().print(f"{ref} is signed with key {chosen.id}", highlight=False)
    report(json_file, {"key": chosen.id, **asdict(ref)})


@app.command("key")
def new_key(
    file: Annotated[Path, typer.Argument(help="File to write; it must not be there.")], json_file: Json = None
) -> None:
    """Make a key that signs, and checks signatures; whoever has it can do both."""
    made = make_key(file)
    console().print(f"{file} holds key {made.id}", highlight=False)
    report(json_file, {"file": str(file), "key": made.id})


def _reader(folder: Path, key: Key | None = None) -> Registry:
    return Registry(folder, clock=SystemClock().wall_ns, read_only=True, key=key)


def _writer(folder: Path, key: Key | None = None) -> Registry:
    # Looking first: a mistyped folder must not become a registry.
    with _reader(folder):
        return Registry(folder, clock=SystemClock().wall_ns, key=key)


def _key(file: Path | None) -> Key | None:
    with usage("--key"):
        return None if file is None else load_key(file)


def _kinds(entries: list[str] | None) -> Mapping[str, str]:
    with usage("--own-kind"):
        return {**known_kinds(), **own_kinds(read_entries(entries or []))}


def _by(given: str | None) -> str:
    return given or getpass.getuser()


def _journal(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise ModelError(f"{text!r} is not a journal's id in hex") from error


def _verdict(models: Registry, row: ModelRow, kinds: Mapping[str, str]) -> dict[str, Any]:
    try:
        prove(models.load(row.ref), kinds)
    except ModelError as error:
        return {**asdict(row.ref), "good": False, "trouble": str(error)}
    return {**asdict(row.ref), "good": True, "trouble": None}


if __name__ == "__main__":
    sys.exit(main(app, "models"))
