"""Who needs a version: what is wanted, what could be wanted back at once, and what a worker would fall back on."""

from collections.abc import Iterable

from common.models.aliases import alias_of, aliases_of, before_last_move, events_of, meant_before, swaps_last
from common.models.connection import Connection
from common.models.serving import newest_serving, serving_last

Key = tuple[str, int]


def who_needs(connection: Connection, key: Key) -> str | None:
    """Return what a version (name, number) is to whom, and when it is free; None if nobody needs it."""
    aliases = aliases_of(connection, None)
    if names := _names((row.instance, row.alias) for row in aliases if row.ref.key == key):
        return f"what {names} means; promote another version there first"
    serving = (row for row in serving_last(connection) if (row.name, row.version) == key)
    if names := _names((row.instance, row.arm) for row in serving):
        return f"what served {names} last, and serves it still or after a restart; it is free when another one serves"
    swaps = (row for row in swaps_last(connection) if row.target == key)
    if names := _names((str(row.instance), str(row.arm)) for row in swaps):
        return f"what was swapped in by {names} last, and may serve it still; it is free after the next swap"
    before = (row for row in aliases if before_last_move(connection, row.instance, row.alias) == key)
    if names := _names((row.instance, row.alias) for row in before):
        return f"what {names} meant before, and a rollback goes there; it is free after the next promotion"
    return None


def wanted_for(connection: Connection, instance: str, arm: str, alias: str) -> set[Key]:
    """Return what an arm that has this alias may be served by without another promotion (names and numbers).

    That is what it is to serve, where a rollback goes, who serves it, and who would relieve a model that is unfit.
    """
    means, served = alias_of(connection, instance, alias), newest_serving(connection, instance, arm)
    events = {row.action: row for row in events_of(connection, instance, arm)}
    wish = None if means is None else means.key
    swapped = events["swap"].target if "swap" in events else None
    found = {wish, before_last_move(connection, instance, alias), swapped}
    if served is None:
        stayed = events["swap_failed"].source if "swap_failed" in events else None
        seated = (key for key in (wish, swapped, stayed) if key is not None)
        found |= {stayed, *(meant_before(connection, instance, alias, key) for key in seated)}
    else:  # it comes first where a model is unfit
        found.add((served.name, served.version))
    return {key for key in found if key is not None}


def _names(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{instance}/{name}" for instance, name in pairs)
