"""Arrays beside the entries that name them: a file each, called by its digest; what no entry names is swept away.

An entry is one file, replaced in one step, so that a reader or a crash meets the older one or the newer one, whole.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.atomic import sync_file, sync_folder
from common.errors import DatasetError

HIDDEN = ".arrays"


@dataclass(frozen=True, slots=True)
class ArrayStore:
    """The arrays of a folder of entries; `named` says which digests these name, None where one cannot be read."""

    folder: Path
    named: Callable[[Path], frozenset[str] | None]

    @property
    def arrays(self) -> Path:
        """Where they lie."""
        return self.folder / HIDDEN

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Within it nothing is swept: what an entry names stays until it is opened. OSError where there is no array."""
        with self._held(fcntl.LOCK_SH):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The same, and the folder is made; afterwards all that no entry names goes, also what the killed left."""
        self.arrays.mkdir(parents=True, exist_ok=True)
        try:
            with self.reading():
                yield
        finally:
            self._sweep()

    def put(self, array: NDArray[Any]) -> str:
        """Write an array durably; its digest, by which an entry names it."""
        with self._placed() as (temporary, place):
            with temporary.open("xb") as file:
                np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
            digest = digest_of(temporary)
            place(self.path(digest))
        return digest

    def put_entry(self, path: Path, body: bytes) -> None:
        """Replace an entry in one step, durably; its arrays are there already."""
        with self._placed() as (temporary, place):
            temporary.write_bytes(body)
            place(path)

    def load(self, name: str, digest: str) -> NDArray[Any]:
        """An array, which stays on disk until it is looked at; DatasetError, by its name, if a bit was changed."""
        path = self.path(digest)
        if digest_of(path) != digest:
            raise DatasetError(f"{name} ({path.name}) is not what was written")
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))

    def path(self, digest: str) -> Path:
        """Where an array lies, or would lie."""
        return self.arrays / f"{digest}.npy"

    @contextmanager
    def _placed(self) -> Iterator[tuple[Path, Callable[[Path], None]]]:
        """A temporary path of this process and thread alone, and what moves it to its place."""
        temporary = self.arrays / f"{os.getpid()}-{os.urandom(8).hex()}"

        def place(path: Path) -> None:
            sync_file(temporary)
            temporary.replace(path)
            sync_folder(path.parent)

        try:
            yield temporary, place
        finally:
            temporary.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what no entry names, unless somebody reads or writes now, or it cannot be said what is named."""
        # What cannot be removed now is removed another time: what was written is there all the same.
        with suppress(OSError), self._held(fcntl.LOCK_EX | fcntl.LOCK_NB):
            named = self.named(self.folder)
            for path in self.arrays.iterdir():
                if named is not None and path.stem not in named:
                    path.unlink()

    @contextmanager
    def _held(self, how: int) -> Iterator[None]:
        """Hold the arrays; a lock ends with the process, however that ends."""
        descriptor = os.open(self.arrays, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)


def digest_of(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
