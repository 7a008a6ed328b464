"""The registry's tables, and how an older file becomes a current one."""

import sqlite3

from common.errors import RegistryError

# One entry a version; PRAGMA user_version counts those applied. Entries are never edited, only added.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE models (
            name TEXT NOT NULL, version INTEGER NOT NULL CHECK (version >= 1), digest TEXT NOT NULL,
            kind TEXT NOT NULL, training_key TEXT NOT NULL, created_ns INTEGER NOT NULL, author TEXT NOT NULL,
            PRIMARY KEY (name, version), UNIQUE (name, digest)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX models_by_key ON models (training_key)",
        """CREATE TABLE aliases (
            instance TEXT NOT NULL, alias TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
            PRIMARY KEY (instance, alias), FOREIGN KEY (name, version) REFERENCES models (name, version)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE history (
            number INTEGER PRIMARY KEY AUTOINCREMENT, time_ns INTEGER NOT NULL,
            action TEXT NOT NULL CHECK (action IN ('register', 'promote')), instance TEXT, alias TEXT,
            from_name TEXT, from_version INTEGER, to_name TEXT, to_version INTEGER, by TEXT NOT NULL, why TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE serving (
            number INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL, journal BLOB NOT NULL,
            mode TEXT NOT NULL CHECK (mode IN ('live', 'replay', 'history')), arm TEXT NOT NULL,
            bar INTEGER NOT NULL, time_ns INTEGER NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
            FOREIGN KEY (name, version) REFERENCES models (name, version)
        ) STRICT""",
        "CREATE INDEX serving_by_bar ON serving (instance, arm, journal, bar, number)",
    ),
    (
        # A removed version stays: what it served, and its number, are facts.
        "ALTER TABLE models ADD COLUMN removed_ns INTEGER",
        "ALTER TABLE history RENAME TO history_1",
        # Which actions there are is the program's matter, so that a new one needs no new table.
        """CREATE TABLE history (
            number INTEGER PRIMARY KEY AUTOINCREMENT, time_ns INTEGER NOT NULL, action TEXT NOT NULL,
            instance TEXT, alias TEXT, from_name TEXT, from_version INTEGER, to_name TEXT, to_version INTEGER,
            by TEXT NOT NULL, why TEXT NOT NULL
        ) STRICT""",
        "INSERT INTO history SELECT * FROM history_1",
        "DROP TABLE history_1",
        "CREATE INDEX history_by_alias ON history (instance, alias, number)",
    ),
    ("ALTER TABLE history ADD COLUMN arm TEXT",),
    ("ALTER TABLE history ADD COLUMN answers INTEGER",),
)


def schema_version(connection: sqlite3.Connection) -> int:
    """Return how many migrations the file has; RegistryError if it comes from a newer version."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > len(MIGRATIONS):
        raise RegistryError(f"the registry has schema {found}, this version knows up to {len(MIGRATIONS)}; update")
    return found


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the current schema in one transaction; the caller holds none."""
    if schema_version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _apply_missing(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _apply_missing(connection: sqlite3.Connection) -> None:
    # Asked again inside the transaction: another process may have migrated while this one waited.
    for statements in MIGRATIONS[schema_version(connection) :]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
