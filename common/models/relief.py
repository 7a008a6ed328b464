"""Who could serve an arm when what serves it cannot: one walk for the worker, which brings it, and for the engine."""

from common.models.connection import Connection

Key = tuple[str, int]


def served_by(connection: Connection, instance: str, arm: str) -> list[Key]:
    """Return the versions (name, number) that served an arm and are there, newest first, whatever journal it was."""
    rows = connection.rows(
        "SELECT name, version FROM serving JOIN models USING (name, version)"
        " WHERE instance = ? AND arm = ? AND removed_ns IS NULL GROUP BY name, version ORDER BY max(number) DESC",
        *(instance, arm),
    )
    return [(name, version) for name, version in rows]


def reliefs(connection: Connection, instance: str, arm: str, alias: str) -> list[Key]:
    """Return who served the arm, then what its alias was moved away from, as far as it is there, newest first."""
    meant = connection.rows(
        "SELECT name, version FROM history JOIN models ON name = from_name AND version = from_version"
        " WHERE instance = ? AND alias = ? AND action IN ('promote', 'rollback') AND removed_ns IS NULL"
        " GROUP BY name, version ORDER BY max(number) DESC",
        *(instance, alias),
    )
    return list(dict.fromkeys([*served_by(connection, instance, arm), *((name, version) for name, version in meant)]))
