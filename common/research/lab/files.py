"""A folder of named files: one file a name, whatever letters the name has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from common.atomic import replacing
from common.errors import LabError
from common.nearest import did_you_mean

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
        with replacing(path) as temporary:
            write(temporary)
        return path

    def remove(self, name: str) -> None:
        """Delete the file of a name; LabError with the closest one if there is none."""
        self.known(name).unlink()
