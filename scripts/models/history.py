"""`history` and `served`: what was wanted and done, and what really served."""

from typing import Annotated

import typer

from common.errors import ModelError
from common.models.registry import Registry
from common.nearest import did_you_mean
from scripts.command import Json, console, report, usage
from scripts.models.options import Instance
from scripts.premises import ConfigFile, Premises, RegistryFolder
from scripts.views.models import change_of, history_table, serving_of

LAST_BAR = 2**62


def history(
    *,
    instance: Annotated[str | None, typer.Option(help="Only of this instance.")] = None,
    alias: Annotated[str | None, typer.Option(help="Only of this alias, or of this arm.")] = None,
    config: ConfigFile = None,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """Every change, oldest first: when, what, from, to, by whom, why."""
    with Premises.of(config, registry).reader() as models:
        known = models.history(instance)
        changes = [row for row in known if alias in {None, row.alias, row.arm}]
        if not changes:
            _check(models, instance, alias)
    console().print(history_table(changes))
    report(json_file, [change_of(change) for change in changes])


def _check(models: Registry, instance: str | None, alias: str | None) -> None:
    """Say of a name nothing is on record of which was meant; typer.BadParameter."""
    instances = models.instances()
    if instance is not None and instance not in instances:
        told = f"nothing is on record of instance {instance!r}{did_you_mean(instance, instances)}"
        raise typer.BadParameter(told, param_hint="--instance")
    if alias is not None:
        known = {name for row in models.history(instance) for name in (row.alias, row.arm) if name is not None}
        told = f"nothing is on record of alias or arm {alias!r}{did_you_mean(alias, known)}"
        raise typer.BadParameter(told, param_hint="--alias")


def served(
    *,
    instance: Instance = None,
    bar: Annotated[int, typer.Option(min=0, help="Number of the section.")],
    arm: Annotated[str, typer.Option(help="The arm.")] = "champion",
    journal: Annotated[str | None, typer.Option(help="Its journal, in hex; default: the newest.")] = None,
    config: ConfigFile = None,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """Say which version really served an arm at a bar."""
    premises = Premises.of(config, registry, instance=instance)
    name = premises.named_instance
    with usage("--journal"):
        chosen = None if journal is None else _journal(journal)
    with premises.reader() as models:
        found = models.served_at(name, arm, bar, journal=chosen)
        is_last = found is not None and found == models.served_at(name, arm, LAST_BAR, journal=found.journal)
    if found is None:
        raise ModelError(f"nothing is on record as having served {name}/{arm} at bar {bar}")
    told = f"{found.name}/{found.version} served {name}/{arm} from bar {found.bar} on"
    more = f", and nobody is on record after it; whether there has been a bar {bar} the registry does not know"
    console().print(told + (more if is_last else ""), highlight=False)
    report(json_file, {**serving_of(found), "asked_bar": bar, "is_last_on_record": is_last})


def _journal(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise ModelError(f"{text!r} is not a journal's id in hex") from error
