"""Who needs a version: what is wanted, what could be wanted back at once, and what a worker would fall back on."""

from collections.abc import Iterable, Iterator

from common.models.aliases import (
    alias_of,
    aliases_of,
    before_last_move,
    events_of,
    retired_instances,
    seated_last,
)
from common.models.connection import Connection
from common.models.records import Change
from common.models.relief import Key, reliefs
from common.models.serving import newest_serving, serving_last

SEATED = ("start", "swap")


def who_needs(connection: Connection, key: Key) -> str | None:
    """Return what a version (name, number) is to whom, and when it is free; None if nobody needs it.

    An instance that was retired needs nothing: it does not run, and starts again only after another promotion.
    """
    aliases, retired = aliases_of(connection, None), retired_instances(connection)
    if names := _names((row.instance, row.alias) for row in aliases if row.ref.key == key):
        return f"what {names} means; promote another version there first, or give the alias up: retire"
    serving = (row for row in serving_last(connection) if (row.name, row.version) == key)
    if names := _names((row.instance, row.arm) for row in serving if row.instance not in retired):
        return f"what served {names} last, and serves it still or after a restart; it is free when another one serves"
    seated = (row for row in seated_last(connection) if row.target == key)
    if names := _names((str(row.instance), str(row.arm)) for row in seated if row.instance not in retired):
        return (
            f"what {names} was started with or swapped to last, and may serve it still; it is free after the next swap"
        )
    before = (row for row in aliases if before_last_move(connection, row.instance, row.alias) == key)
    if names := _names((row.instance, row.alias) for row in before):
        return f"what {names} meant before, and a rollback goes there; it is free after the next promotion"
    return None


def wanted_for(connection: Connection, instance: str, arm: str, alias: str) -> set[Key]:
    """Return what an arm that has this alias may be served by without another promotion (names and numbers).

    That is what it is to serve, where a rollback goes, who serves it, who spoke for it last, and who would relieve one
    of them that has not spoken since. Relief from further back is wanted from the row on that says it is brought in.
    """
    means, served = alias_of(connection, instance, alias), newest_serving(connection, instance, arm)
    spoke = None if served is None else (served.name, served.version)
    at_work = [None if means is None else means.key, *_at_work(connection, instance, arm)]
    known = reliefs(connection, instance, arm, alias)
    relief = [next((each for each in known if each != key), None) for key in at_work if key not in {None, spoke}]
    found = {*at_work, *relief, spoke, before_last_move(connection, instance, alias)}
    return {key for key in found if key is not None}


def seat_of(events: Iterable[Change]) -> Key | None:
    """Return what an arm was started with or swapped to last, given its events; None where no row says so."""
    rows = [row for row in events if row.action in SEATED]
    return max(rows, key=lambda row: row.number).target if rows else None


def _at_work(connection: Connection, instance: str, arm: str) -> Iterator[Key | None]:
    """Who sits there, and who stayed, or is being brought in, because another one failed since that one sat down."""
    events = {row.action: row for row in events_of(connection, instance, arm)}
    yield seat_of(events.values())
    failed = events.get("swap_failed")
    if failed is not None and all(failed.number > events[action].number for action in SEATED if action in events):
        yield failed.source


def _names(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{instance}/{name}" for instance, name in pairs)
