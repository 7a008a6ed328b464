"""Aliases and the history of all changes, as statements: every function needs a connection, writers a transaction."""

from common.models.connection import Connection, Row
from common.models.records import AliasRow, Change, ModelRef

_SELECT = "SELECT instance, alias, name, version, digest FROM aliases JOIN models USING (name, version)"
_HISTORY = """SELECT number, time_ns, action, instance, alias, from_name, from_version, to_name, to_version, by, why,
    arm, answers FROM history"""


def aliases_of(connection: Connection, instance: str | None) -> list[AliasRow]:
    """Aliases of one instance, or of all for None."""
    rows = connection.rows(f"{_SELECT} WHERE instance = coalesce(?, instance) ORDER BY instance, alias", instance)
    return [AliasRow(row[0], row[1], ModelRef(*row[2:])) for row in rows]


def alias_of(connection: Connection, instance: str, alias: str) -> ModelRef | None:
    """Return the version an alias points at."""
    row = connection.row(f"{_SELECT} WHERE instance = ? AND alias = ?", instance, alias)
    return ModelRef(*row[2:]) if row else None


def point(connection: Connection, instance: str, alias: str, ref: ModelRef) -> None:
    """Make an alias point at a version."""
    connection.rows(
        "INSERT INTO aliases (instance, alias, name, version) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (instance, alias) DO UPDATE SET name = excluded.name, version = excluded.version",
        *(instance, alias, ref.name, ref.version),
    )


def unpoint(connection: Connection, instance: str, alias: str) -> None:
    """Take an alias away."""
    connection.rows("DELETE FROM aliases WHERE instance = ? AND alias = ?", instance, alias)


def instances_of(connection: Connection) -> list[str]:
    """Return the instances of which anything is on record: aliases that moved, arms that were swapped or halted."""
    rows = connection.rows("SELECT DISTINCT instance FROM history WHERE instance IS NOT NULL ORDER BY instance")
    return [row[0] for row in rows]


def retired_instances(connection: Connection) -> set[str]:
    """Return the instances all of whose aliases were given up, and that nobody has promoted anything for since."""
    rows = connection.rows(
        "SELECT DISTINCT instance FROM history WHERE action = 'retire' AND instance NOT IN"
        " (SELECT instance FROM aliases)"
    )
    return {row[0] for row in rows}


def record_change(connection: Connection, change: Change) -> None:
    """Append one row of history; its `number` is given by the table."""
    connection.rows(
        "INSERT INTO history"
        " (time_ns, action, instance, alias, from_name, from_version, to_name, to_version, by, why, arm, answers)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(change.time_ns, change.action, change.instance, change.alias),
        *(change.source or (None, None)),
        *(change.target or (None, None)),
        *(change.by, change.why, change.arm, change.answers),
    )


def changes(connection: Connection, instance: str | None, alias: str | None) -> list[Change]:
    """Changes, oldest first, of one instance or alias if given."""
    rows = connection.rows(
        f"{_HISTORY} WHERE (?1 IS NULL OR instance = ?1) AND (?2 IS NULL OR alias = ?2) ORDER BY number",
        *(instance, alias),
    )
    return [_change(row) for row in rows]


def last_change(connection: Connection, instance: str, alias: str) -> Change | None:
    """Return the newest promotion or rollback of an alias, also one to where it pointed already."""
    row = connection.row(
        f"{_HISTORY} WHERE instance = ? AND alias = ? AND action IN ('promote', 'rollback')"
        " ORDER BY number DESC LIMIT 1",
        *(instance, alias),
    )
    return _change(row) if row else None


def before_last_move(connection: Connection, instance: str, alias: str) -> tuple[str, int] | None:
    """Return the version (name, number) an alias pointed at before it last moved; None if it has meant one only."""
    row = connection.row(
        "SELECT from_name, from_version FROM history WHERE instance = ? AND alias = ?"
        " AND action IN ('promote', 'rollback')"
        " AND (from_name IS NOT to_name OR from_version IS NOT to_version) ORDER BY number DESC LIMIT 1",
        *(instance, alias),
    )
    return (row[0], row[1]) if row and row[0] is not None else None


def seated_last(connection: Connection) -> list[Change]:
    """Return what every arm of every instance was started with or swapped to last, by instance and arm."""
    newest = """SELECT max(number) FROM history WHERE action IN ('start', 'swap') AND arm IS NOT NULL
        GROUP BY instance, arm"""
    return [_change(row) for row in connection.rows(f"{_HISTORY} WHERE number IN ({newest}) ORDER BY instance, arm")]


def is_on_record(connection: Connection, change: Change) -> bool:
    """Whether a row says this of this very moment; its number is not looked at."""
    found = connection.row(
        "SELECT 1 FROM history WHERE instance IS ? AND alias IS ? AND arm IS ? AND time_ns = ? AND action = ?"
        " AND from_name IS ? AND from_version IS ? AND to_name IS ? AND to_version IS ? AND by = ? AND why = ?",
        *(change.instance, change.alias, change.arm, change.time_ns, change.action),
        *(change.source or (None, None)),
        *(change.target or (None, None)),
        *(change.by, change.why),
    )
    return found is not None


def events_of(connection: Connection, instance: str, arm: str) -> list[Change]:
    """What was done to an arm, oldest first: the newest row of each action."""
    newest = connection.rows(
        "SELECT max(number) FROM history WHERE instance = ? AND arm = ? GROUP BY action ORDER BY 1", instance, arm
    )
    rows = [connection.rows(f"{_HISTORY} WHERE number = ?", number)[0] for (number,) in newest]
    return [_change(row) for row in rows]


def _change(row: Row) -> Change:
    source = (row[5], row[6]) if row[5] is not None else None
    target = (row[7], row[8]) if row[7] is not None else None
    number, time_ns, action, instance, alias = row[:5]
    by, why, arm, answers = row[9:]
    return Change(number, time_ns, action, instance, alias, source, target, by, why, arm, answers)
