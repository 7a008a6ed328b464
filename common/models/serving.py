"""What really served, as statements: rows are only ever appended."""

from common.models.connection import Connection
from common.models.records import Serving

_SELECT = "SELECT instance, journal, mode, arm, bar, time_ns, name, version FROM serving"


def append_serving(connection: Connection, serving: Serving) -> None:
    """Append one row."""
    connection.rows(
        "INSERT INTO serving (instance, journal, mode, arm, bar, time_ns, name, version)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(serving.instance, serving.journal, serving.mode, serving.arm),
        *(serving.bar, serving.time_ns, serving.name, serving.version),
    )


def served_at_bar(connection: Connection, instance: str, arm: str, bar: int, journal: bytes) -> Serving | None:
    """Return the row in force at a bar: the last one at or before it."""
    row = connection.row(
        f"{_SELECT} WHERE instance = ? AND arm = ? AND journal = ? AND bar <= ? ORDER BY bar DESC, number DESC LIMIT 1",
        *(instance, arm, journal, bar),
    )
    return Serving(*row) if row else None


def is_in_force(connection: Connection, serving: Serving) -> bool:
    """Whether the row in force at that bar names this version."""
    known = served_at_bar(connection, serving.instance, serving.arm, serving.bar, serving.journal)
    return known is not None and (known.name, known.version) == (serving.name, serving.version)


def newest_serving(connection: Connection, instance: str, arm: str) -> Serving | None:
    """Return the row appended last, in any journal."""
    row = connection.row(
        f"{_SELECT} WHERE instance = ? AND arm = ? ORDER BY number DESC LIMIT 1",
        *(instance, arm),
    )
    return Serving(*row) if row else None


def serving_last(connection: Connection) -> list[Serving]:
    """Return the row appended last of every arm of every instance, by instance and arm."""
    newest = "SELECT max(number) FROM serving GROUP BY instance, arm"
    return [Serving(*row) for row in connection.rows(f"{_SELECT} WHERE number IN ({newest}) ORDER BY instance, arm")]
