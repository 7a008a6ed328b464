"""The registered versions, as statements: every function needs a connection, writers an open transaction."""

from common.errors import RegistryError
from common.models.connection import Connection, Row
from common.models.records import ModelRef, ModelRow
from common.nearest import did_you_mean

_SELECT = "SELECT name, version, digest, kind, training_key, created_ns, author, removed_ns FROM models"


def insert_model(connection: Connection, row: ModelRow) -> None:
    """Write one version."""
    connection.rows(
        "INSERT INTO models (name, version, digest, kind, training_key, created_ns, author)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        *(row.ref.name, row.ref.version, row.ref.digest, row.kind, row.training_key, row.created_ns, row.author),
    )


def same_bundle(connection: Connection, name: str, digest: str) -> ModelRow | None:
    """Return the version, perhaps a removed one, that already is this bundle under this name."""
    row = connection.row(f"{_SELECT} WHERE name = ? AND digest = ?", name, digest)
    return _model(row) if row else None


def mark_removed(connection: Connection, ref: ModelRef, removed_ns: int | None) -> None:
    """Say since when a version is gone; None: it is there again."""
    connection.rows("UPDATE models SET removed_ns = ? WHERE name = ? AND version = ?", removed_ns, *ref.key)


def next_version(connection: Connection, name: str) -> int:
    """1, 2, 3 ... per name."""
    row = connection.row("SELECT coalesce(max(version), 0) + 1 FROM models WHERE name = ?", name)
    return int(row[0]) if row else 1


def all_models(connection: Connection, *, removed: bool) -> list[ModelRow]:
    """Every version of every name, by name and version: those that are there, or those that are gone."""
    which = "NOT NULL" if removed else "NULL"
    return [_model(row) for row in connection.rows(f"{_SELECT} WHERE removed_ns IS {which} ORDER BY name, version")]


def versions_of(connection: Connection, name: str) -> list[ModelRow]:
    """Versions of one name that are there, oldest first; RegistryError with the closest name if there are none."""
    found = connection.rows(f"{_SELECT} WHERE name = ? AND removed_ns IS NULL ORDER BY version", name)
    if not found:
        known = {row.ref.name for row in all_models(connection, removed=False)}
        raise RegistryError(f"there is no model {name!r}{did_you_mean(name, known)}")
    return [_model(row) for row in found]


def version_of(connection: Connection, name: str, version: int | None) -> ModelRow:
    """Return one version of a name, the newest for None; RegistryError if there is none."""
    rows = versions_of(connection, name)
    found = rows[-1:] if version is None else [row for row in rows if row.ref.version == version]
    if not found:
        raise RegistryError(f"model {name!r} has no version {version}{_instead(connection, name, version, rows)}")
    return found[0]


def _instead(connection: Connection, name: str, version: int | None, rows: list[ModelRow]) -> str:
    if connection.row("SELECT 1 FROM models WHERE name = ? AND version = ?", name, version):
        return "; it was removed, and can be imported again"
    numbers = [row.ref.version for row in rows]
    if numbers == list(range(1, len(numbers) + 1)):
        return f"; its versions are 1 to {numbers[-1]}"
    return f"; its versions are {', '.join(map(str, numbers))}"


def trained_with(connection: Connection, training_key: str, name: str | None) -> ModelRow | None:
    """Return the newest version with this training key (under this name, if one is given)."""
    row = connection.row(
        f"{_SELECT} WHERE training_key = ?1 AND name = coalesce(?2, name) AND removed_ns IS NULL"
        " ORDER BY created_ns DESC, version DESC LIMIT 1",
        training_key,
        name,
    )
    return _model(row) if row else None


def _model(row: Row) -> ModelRow:
    return ModelRow(ModelRef(*row[:3]), *row[3:])
