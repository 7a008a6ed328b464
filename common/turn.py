"""One writer at a time: what is read, changed and written again is not changed by another in between."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.lock import is_still


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Wait until no other thread or process has its turn at `path`, a file or a folder that need not be there yet.

    Who dies gives its turn up. Not to be taken twice by one thread.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside it, as the file itself is replaced: whoever waited for the old one would not meet who waits for the new.
    lock = path.with_name(f".{path.name}.turn")
    descriptor = _waited_for(lock)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def _waited_for(lock: Path) -> int:
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if is_still(descriptor, lock):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # who had the turn before has removed it
