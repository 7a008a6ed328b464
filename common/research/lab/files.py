"""A folder of named files: one file a name, whatever letters the name has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

import polars as pl

from common.atomic import replacing
from common.errors import LabError
from common.nearest import did_you_mean
from common.turn import turn

LONGEST = 100
"""Letters of a name: quoted, it must still fit a file system's names."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files `*SUFFIX` of a folder; `what` names them in errors, such as "signal"."""

    folder: Path
    suffix: str
    what: str

    def path(self, name: str) -> Path:
        """Where the file of a name lies, or would lie; LabError for what cannot be a name."""
        if not name or len(name) > LONGEST or not name.isprintable():
            raise LabError(f"{self.what} {name!r}: a name is 1 to {LONGEST} printable letters")
        # A first dot would hide the file, among the temporary ones.
        quoted = quote(name, safe=" ")
        return self.folder / f"{quoted.replace('.', '%2E', 1) if quoted.startswith('.') else quoted}{self.suffix}"

    def known(self, name: str) -> Path:
        """The file of a name; LabError with the closest one if there is none."""
        path = self.path(name)
        if not path.exists():
            raise LabError(f"{self.folder.parent}: no {self.what} {name!r}{did_you_mean(name, self.names())}")
        return path

    def names(self) -> list[str]:
        """All names, ascending."""
        found = self.folder.glob(f"*{self.suffix}")
        return sorted(unquote(path.name.removesuffix(self.suffix)) for path in found if not path.name.startswith("."))

    def write(self, name: str, write: Callable[[Path], object]) -> Path:
        """Replace the file of a name by what `write` puts at the path it is given: whole, or not at all."""
        path = self.path(name)
        with writing(path), replacing(path) as temporary:
            write(temporary)
        return path

    def read(self, name: str, columns: Sequence[str] = ()) -> pl.DataFrame:
        """The table of a name; LabError with the closest one if there is none, or where it cannot be read.

        columns: those it has to have.
        """
        path = self.known(name)
        with reading(path, f"{self.what} {name!r}"):
            table = pl.read_parquet(path, glob=False)
        if lacking := [column for column in columns if column not in table.columns]:
            told = f"{path}: {self.what} {name!r} lacks {', '.join(lacking)}; it has {', '.join(table.columns)}"
            raise LabError(f"{told}: remove it and save it anew")
        return table

    def schema(self, name: str) -> pl.Schema | None:
        """Columns of the table of a name, None if there is none; LabError where it cannot be read."""
        path = self.path(name)
        if not path.exists():
            return None
        with reading(path, f"{self.what} {name!r}"):
            return pl.Schema(pl.read_parquet_schema(path))

    def remove(self, name: str) -> None:
        """Delete the file of a name; LabError with the closest one if there is none."""
        path = self.known(name)
        with writing(path):
            path.unlink()


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait for a turn at a file or folder, and write there: LabError, with path and reason, where that cannot be."""
    with writing(path), turn(path):
        yield


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Within it what the system refuses, such as a full disk or a folder of somebody else, is a LabError."""
    try:
        yield
    except OSError as error:
        raise LabError(f"{path} cannot be written: {error.strerror or error}; what was there stays") from error


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Within it a file that is damaged, or not ours to read, is a LabError."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        raise LabError(f"{path}: {what} cannot be read as parquet: {error}; remove it and save it anew") from error
