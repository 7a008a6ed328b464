"""Rows that the registry has not taken yet, in a file of the worker's own: a kill forgets none of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

from common.atomic import replacing
from common.errors import RegistryError
from services.inference_worker.roster.rows import MAGIC, Row, decode_rows, encode_rows


class Backlog:
    """One file: rows are appended, or it is replaced as a whole; there is none for no rows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held: tuple[Row, ...] = ()
        """What the file certainly holds, and nothing behind it; none where that is not known."""

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
        held, self._held, waiting = self._held, (), tuple(rows)
        if not waiting:
            self.path.unlink(missing_ok=True)
        elif held and waiting[: len(held)] == held:  # however many wait, one more costs what the first did
            self._append(encode_rows(waiting[len(held) :]))
        else:
            with replacing(self.path) as temporary:
                temporary.write_bytes(MAGIC + encode_rows(waiting))
        self._held = waiting

    def set_aside(self) -> Path:
        """Keep a file that cannot be used, for a person to look at, where nobody writes over it."""
        name = f"{self.path.name}.damaged"
        names = chain([name], (f"{name}.{number}" for number in count(2)))
        aside = next(path for path in map(self.path.with_name, names) if not path.exists())
        with suppress(OSError):
            self.path.replace(aside)
        return aside

    def _append(self, lines: bytes) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        with os.fdopen(descriptor, "wb") as file:
            file.write(lines)
            file.flush()
            os.fsync(descriptor)
