"""SQLite as the registry needs it: WAL, durable at commit, busy within a stated time, one transaction a change."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from common.errors import NotOnRecordError, RegistryBusyError, RegistryError, RegistryRowError
from common.models.schema import MIGRATIONS, migrate, schema_version

Row = tuple[Any, ...]

WRITABLE = "are disk and folder writable?"


class Connection:
    """One connection to the registry's file; SQLite's errors become ours, naming the file."""

    def __init__(self, path: Path, *, read_only: bool, timeout_s: float, existing: bool = False) -> None:
        self._path = path
        if path.parent.exists() and not path.parent.is_dir():
            raise RegistryError(
                f"registry {path.parent} is a file; name the folder that has, or is to have, {path.name}"
            )
        if (read_only or existing) and not path.exists():
            raise NotOnRecordError(f"there is no registry at {path}; train a model first, or name another registry")
        try:
            with wrapped(path):
                self._sqlite = _open_for_reading(path, timeout_s) if read_only else _open_for_writing(path, timeout_s)
        except OSError as error:
            raise RegistryError(f"registry {path}: {error.strerror or error}; {WRITABLE}") from error

    def close(self) -> None:
        """Close it; the files stay."""
        self._sqlite.close()

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """All rows of one statement."""
        with wrapped(self._path):
            return self._sqlite.execute(statement, values).fetchall()

    def row(self, statement: str, *values: Any) -> Row | None:
        """Return the first row, if there is one."""
        return next(iter(self.rows(statement, *values)), None)

    def wait_up_to(self, seconds: float) -> None:
        """From now on wait so long for another process that is writing."""
        self.rows(f"PRAGMA busy_timeout = {round(seconds * 1000)}")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All of it or nothing; the write lock is taken first, so what is read in it still holds at the end."""
        with wrapped(self._path):
            self._sqlite.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._sqlite.execute("COMMIT")
            except BaseException:
                if self._sqlite.in_transaction:
                    self._sqlite.execute("ROLLBACK")
                raise


@contextmanager
def wrapped(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise RegistryBusyError(f"registry {path} is being written by another process; try again") from error
        raise RegistryError(f"registry {path}: {error}{_advice(error.sqlite_errorcode & 0xFF)}") from error
    except (sqlite3.IntegrityError, sqlite3.DataError) as error:
        raise RegistryRowError(f"registry {path} does not allow this row: {error}") from error
    except sqlite3.Error as error:
        raise RegistryError(f"registry {path}: {error}; restore it from a copy") from error


def _advice(code: int) -> str:
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return "; is the disk full?"
    return f"; {WRITABLE}" if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN} else ""


def _open_for_writing(path: Path, timeout_s: float) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = _connect(path, "rwc", timeout_s)
    with _closed_on_error(connection):
        with _alone(path.parent):
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        migrate(connection)
    return connection


def _open_for_reading(path: Path, timeout_s: float) -> sqlite3.Connection:
    if _is_older(path, timeout_s):
        _open_for_writing(path, timeout_s).close()
    connection = _connect(path, "ro", timeout_s)
    with _closed_on_error(connection):
        connection.execute("PRAGMA query_only = ON")
        schema_version(connection)
    return connection


def _is_older(path: Path, timeout_s: float) -> bool:
    """Whether an earlier version wrote the file: its tables are brought up to date even for a reader."""
    connection = _connect(path, "ro", timeout_s)
    try:
        return schema_version(connection) < len(MIGRATIONS)
    finally:
        connection.close()


def _connect(path: Path, mode: str, timeout_s: float) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(address, uri=True, timeout=timeout_s, isolation_level=None)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time: where two make a new file WAL at once, SQLite fails one of them whatever its timeout."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise
