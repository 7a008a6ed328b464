"""One process an identity: a lock file that says who holds it, and the epoch raised under it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from common.atomic import replacing
from common.errors import LockError

MAX_DIGITS = 18


class Lock:
    """An exclusive lock on a file; it ends with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Take the lock; raises LockError that names the holder."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 200).decode("utf-8", "replace").strip() or "a process that is just starting"
            os.close(descriptor)
            raise LockError(f"{self._path} is held by {holder}: stop it first") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"pid {os.getpid()}, started {_start_ticks()} ticks after boot\n".encode(), 0)
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go."""
        os.close(self._descriptor)


def raise_epoch(path: Path) -> int:
    """Count the starts of a writer: the number after the one on record, made durable before it is used.

    Raises LockError for a file that holds no number: one used before would make every reader take us for a zombie.
    """
    written = path.read_bytes() if path.exists() else b"0"
    if not (written.isdigit() and len(written) < MAX_DIGITS):
        raise LockError(f"{path} holds {written[:20]!r}, not an epoch: write a number above any that was used into it")
    epoch = int(written) + 1
    with replacing(path) as temporary:
        temporary.write_text(str(epoch), encoding="ascii")
    return epoch


def _start_ticks() -> str:
    # Field 22 of /proc/self/stat; the name in field 2 may hold spaces, so count after its closing bracket.
    return Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
