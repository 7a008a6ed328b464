"""Who needs a version: what is wanted, what could be wanted back at once, and what a worker would fall back on."""

from collections.abc import Iterable

from common.models.aliases import aliases_of, before_last_move
from common.models.connection import Connection
from common.models.serving import serving_last

Key = tuple[str, int]


def who_needs(connection: Connection, key: Key) -> str | None:
    """Return what a version (name, number) is to whom, and when it is free; None if nobody needs it."""
    aliases = aliases_of(connection, None)
    if names := _names((row.instance, row.alias) for row in aliases if row.ref.key == key):
        return f"what {names} means; promote another version there first"
    serving = (row for row in serving_last(connection) if (row.name, row.version) == key)
    if names := _names((row.instance, row.arm) for row in serving):
        return f"what served {names} last, and serves it still or after a restart; it is free when another one serves"
    before = (row for row in aliases if before_last_move(connection, row.instance, row.alias) == key)
    if names := _names((row.instance, row.alias) for row in before):
        return f"what {names} meant before, and a rollback goes there; it is free after the next promotion"
    return None


def _names(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{instance}/{name}" for instance, name in pairs)
