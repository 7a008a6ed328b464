"""`retire`: an alias of an instance, or all of them, mean no version any more."""

from contextlib import AbstractContextManager, nullcontext
from typing import Annotated

import typer

from common.models.needs import SEATED
from common.models.registry import Registry
from scripts.command import Json, console, report
from scripts.models.options import By, Why, who
from scripts.models.presence import endpoints_of, stopped
from scripts.premises import ConfigFile, Premises, RegistryFolder


def retire(
    instance: Annotated[str | None, typer.Argument(help="The instance; default: the configuration's.")] = None,
    *,
    alias: Annotated[str | None, typer.Option("--alias", help="Only this one; default: all.")] = None,
    why: Why,
    by: By = None,
    config: ConfigFile = None,
    registry: RegistryFolder = None,
    json_file: Json = None,
) -> None:
    """Give up all aliases of an instance that does not run, or one that no arm of it has; both stay in the history.

    Without any it needs no version any more: they can be removed. A promotion makes it an instance again.
    """
    premises = Premises.of(config, registry, instance=instance)
    if premises.instance is None:
        raise typer.BadParameter("name it, or the configuration it has", param_hint="INSTANCE, --config")
    with premises.writer() as models, _free(models, premises, alias):
        rows = models.retire(premises.instance, alias, by=who(by), why=why)
    for row in rows:
        console().print(f"{row.instance}/{row.alias} meant {row.ref}, and is given up", highlight=False)
    aliases = {row.alias: f"{row.ref}" for row in rows}
    report(json_file, {"instance": premises.instance, "aliases": aliases})


def _free(models: Registry, premises: Premises, alias: str | None) -> AbstractContextManager[None]:
    """Within it nobody needs the alias (None: any): what an arm has, or is the last, an instance that runs goes by."""
    instance = premises.named_instance
    seats = {row.arm for row in models.history(instance, alias) if row.action in SEATED}
    left = [row for row in models.aliases(instance) if row.alias != alias]
    return nullcontext() if alias is not None and left and not seats else stopped(endpoints_of(premises))
