"""Memory that a process and its children have for themselves, looked at while they work."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PAUSE_S = 0.1


@dataclass(slots=True)
class Most:
    """The most that was seen, in MB."""

    mb: float = 0.0


@contextmanager
def watched(pid: int) -> Iterator[Most]:
    """Look at a process and all its children until the end."""
    most, ended = Most(), threading.Event()

    def look() -> None:
        while True:
            most.mb = max(most.mb, own_memory_mb(pid))
            if ended.wait(PAUSE_S):
                return

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield most
    finally:
        ended.set()
        watcher.join()


def own_memory_mb(pid: int) -> float:
    """Resident pages less those shared with others, of a process and its children; 0 for what has ended."""
    pages = 0
    with suppress(OSError):
        resident, shared = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1:3]
        pages = int(resident) - int(shared)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6 + sum(own_memory_mb(child) for child in _children(pid))


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text(encoding="ascii").split()
        ]
    return []
