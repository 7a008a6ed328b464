"""Rows that the registry has not taken yet, in a file of the worker's own: a kill forgets none of them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from common.atomic import replacing
from common.errors import RegistryError
from services.inference_worker.rows import Row, decode_rows, encode_rows


class Backlog:
    """One file, replaced as a whole: it holds the rows of before or those of now, and there is none for no rows."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[Row, ...]:
        """What a worker before this one could not put on record; RegistryError when the file cannot be used."""
        try:
            return decode_rows(self.path.read_bytes())
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise RegistryError(f"the file cannot be read: {error.strerror}") from error

    def hold(self, rows: Iterable[Row]) -> None:
        """Durably have these and no others; raises OSError."""
        waiting = tuple(rows)
        if not waiting:
            self.path.unlink(missing_ok=True)
            return
        with replacing(self.path) as temporary:
            temporary.write_bytes(encode_rows(waiting))

    def set_aside(self) -> Path:
        """Keep a file that cannot be used, for a person to look at, where nobody writes over it."""
        aside = self.path.with_name(f"{self.path.name}.damaged")
        with suppress(OSError):
            self.path.replace(aside)
        return aside
