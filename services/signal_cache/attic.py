"""Records that were put aside: those of numberings which their streams have left."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path


class Attic:
    """Beside the record of an arm, in a folder named after arm and journal."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def present(self, arm: str) -> Path:
        """Where the record of an arm is that is still written."""
        return self._folder / arm

    def put_aside(self, arm: str, journal: bytes) -> Path:
        """Move the present record away; a numbering that was left before, and met again, has another one there."""
        names = (f"{arm}.{journal.hex()}" + (f".{again}" if again else "") for again in count())
        aside = next(path for path in (self._folder / name for name in names) if not path.exists())
        return self.present(arm).rename(aside)

    def journals(self, arm: str) -> Iterator[bytes]:
        """The numberings that were left."""
        for path in self._folder.glob(f"{arm}.*"):
            try:
                yield bytes.fromhex(path.name[len(arm) + 1 :].split(".")[0])
            except ValueError:  # somebody else's
                continue
