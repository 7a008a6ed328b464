"""One process an identity: a lock file that says who holds it, and the epoch raised under it."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from common.atomic import replacing
from common.errors import LockError

MAX_DIGITS = 18


class Lock:
    """An exclusive lock on a file; it ends with the process, however that ends."""

    def __init__(self, path: Path, of: str = "") -> None:
        """`of`: whose process it is, for whoever is refused."""
        self._path, self._of = path, f" of {of}" if of else ""
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Take the lock; raises LockError that names the holder, OSError where there can be none."""
        while not self._taken():
            pass  # whoever held it has removed it meanwhile: another file is the lock now
        return self

    def _taken(self) -> bool:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 200).decode("utf-8", "replace").strip() or "a process that is just starting"
            os.close(descriptor)
            if not isinstance(error, BlockingIOError):  # a file system that has no locks
                raise
            raise LockError(f"{self._path} is held by {holder}: stop it first") from None
        if not is_still(descriptor, self._path):
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"pid {os.getpid()}{self._of}, started {_started():%Y-%m-%d %H:%M:%S} UTC\n".encode(), 0)
        self._descriptor = descriptor
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go; the file says nobody's name from now on, as far as its disk lets it."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def is_still(descriptor: int, path: Path) -> bool:
    """Whether the file that was opened is the one that lies there now."""
    try:
        return os.fstat(descriptor).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def raise_epoch(*paths: Path) -> int:
    """Count the starts of a writer: the number after the highest on record, made durable before it is used.

    It is kept in several places, of which all but one may be emptied: one lower than before would make every reader
    that lives on take us for a zombie. Raises LockError for a file that holds no number.
    """
    epoch = 1 + max(map(_epoch_on_record, paths))
    for path in paths:
        with replacing(path) as temporary:
            temporary.write_text(str(epoch), encoding="ascii")
    return epoch


def _epoch_on_record(path: Path) -> int:
    written = path.read_bytes() if path.exists() else b"0"
    if not (written.isdigit() and len(written) < MAX_DIGITS):
        raise LockError(f"{path} holds {written[:20]!r}, not an epoch: write a number above any that was used into it")
    return int(written)


def _started() -> datetime:
    """When this process was started, as far as the system's own clock is right."""
    # Field 22 of /proc/self/stat; the name in field 2 may hold spaces, so count after its closing bracket.
    ticks = int(Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
    facts = dict(line.split(maxsplit=1) for line in Path("/proc/stat").read_text(encoding="utf-8").splitlines())
    return datetime.fromtimestamp(int(facts["btime"]) + ticks // os.sysconf("SC_CLK_TCK"), UTC)
