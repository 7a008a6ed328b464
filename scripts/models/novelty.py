"""A name that a promotion would be the first to use: a new one, or an old one misspelt."""

from collections.abc import Sequence

import typer

from common.models.records import AliasRow
from common.nearest import did_you_mean
from scripts.premises import Premises


def novelty(instance: str, alias: str, known: Sequence[AliasRow]) -> str:
    """What is new of an alias among all that are known: `instance` or `alias`; empty if nothing is."""
    mine = [row.alias for row in known if row.instance == instance]
    if not mine:
        return "instance"
    return "" if alias in mine else "alias"


def check_novelty(premises: Premises, alias: str, known: Sequence[AliasRow]) -> None:
    """Refuse a name that is new, and that nobody called so; typer.BadParameter with the closest one known.

    The first alias of a registry can be taken for no other, and a configuration that has it vouches for it.
    """
    instance = premises.named_instance
    new = novelty(instance, alias, known) if known and not _is_configured(premises, alias) else ""
    if new == "instance":
        hint = did_you_mean(instance, [row.instance for row in known])
        told = f"no alias of instance {instance!r} is on record, and a new one takes --new{hint}"
    elif new == "alias":
        hint = did_you_mean(alias, [row.alias for row in known if row.instance == instance])
        told = f"instance {instance!r} has no alias {alias!r}, and a new one takes --new{hint}"
    else:
        return
    raise typer.BadParameter(told, param_hint=f"--{new}")


def _is_configured(premises: Premises, alias: str) -> bool:
    return premises.config is not None and any(arm.alias == alias for arm in premises.config.arms.values())
