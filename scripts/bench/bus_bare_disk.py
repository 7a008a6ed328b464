"""What a path without guarantees has of a disk: nothing, or each section forced to it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


class NoDisk:
    """Keeps nothing."""

    def keep(self, buffers: Sequence[bytes | memoryview]) -> None:
        """Forget them."""

    def close(self) -> None:
        """There is nothing to close."""


class Disk(NoDisk):
    """One file that only grows: no digest, no numbering, nothing that could be read again; one sync a section."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC)

    def keep(self, buffers: Sequence[bytes | memoryview]) -> None:
        """Write them with one call, and return when they are on disk."""
        os.writev(self._file, buffers)
        os.fdatasync(self._file)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)
