"""The folder a run writes into: ours alone while it lasts, and emptied of what an earlier run left."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from common.config import load_config
from common.errors import BarFileError, LockError
from common.lock import Lock
from common.room import is_full

LOCK = ".lock"


class Claim:
    """An output folder that is ours alone; a run that wrote nothing into it leaves nothing there, either."""

    def __init__(self, out: Path) -> None:
        """Raises BarFileError for a folder that holds something, but no replay's lock file."""
        self._out, self._lock = out, Lock(out / LOCK)
        if out.exists() and not out.is_dir():
            raise BarFileError(f"OUT={out} is not a folder")
        if out.is_dir() and not (out / LOCK).exists() and any(out.iterdir()):
            raise BarFileError(f"OUT={out} holds files that no replay wrote: choose another folder, or empty it")

    def __enter__(self) -> Self:
        """Take it; raises LockError, saying who writes there, and BarFileError where nobody can."""
        try:
            self._lock.__enter__()
        except LockError as error:
            raise LockError(
                f"another run writes into {self._out}: {error}, or choose another folder for this one (OUT=)"
            ) from error
        except OSError as error:
            cure = "make space there, or name another" if is_full(error) else "name another"
            raise BarFileError(f"OUT={self._out} cannot be written ({error.strerror or error}): {cure}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go."""
        if [path.name for path in self._out.iterdir()] == [LOCK]:
            (self._out / LOCK).unlink()
            with suppress(OSError):  # somebody else has just begun to use it
                self._out.rmdir()
        self._lock.__exit__(kind, error, trace)


FOLDERS = ("state", "logs")
FILES = ("signals.parquet", "summary.json", "quarantine.jsonl", "config.toml")


def cleared(out: Path) -> tuple[Path, ...]:
    """Folders and files that `clear` removes."""
    return tuple(out / name for name in (*FOLDERS, *FILES))


def refuse_upkeep(out: Path) -> None:
    """Raise BarFileError where an instance is kept up: a replay would empty its record."""
    path = out / "config.toml"
    if path.exists() and load_config(path).feed.source.kind == "generated":
        raise BarFileError(
            f"OUT={out} is of an instance that `make up` keeps: a replay would empty it; choose another folder"
        )


def clear(out: Path) -> None:
    """Remove what an earlier replay left."""
    for name in FOLDERS:
        shutil.rmtree(out / name, ignore_errors=True)
    for name in FILES:
        (out / name).unlink(missing_ok=True)
