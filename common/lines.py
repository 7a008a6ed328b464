"""Lines to a file whose disk may be full: no process ends for want of a log."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


class Lines:
    """Text to a file descriptor, unbuffered; `lost` hears what was not taken.

    Unbuffered because honcho prints in its signal handler, which Python's buffered output does not allow; and because
    a buffer would keep what the disk refused, and fail again with the next line.
    """

    def __init__(self, descriptor: int, lost: Callable[[str], None] = lambda _text: None) -> None:
        self._descriptor, self._lost = descriptor, lost
        self._is_torn = False

    def write(self, text: str) -> None:
        """All of it, at once; after one of which only a part was taken, on a line of its own."""
        left = wanted = (b"\n" if self._is_torn else b"") + text.encode()
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
            self._is_torn = False
        except OSError:
            if len(left) < len(wanted):
                self._is_torn = not wanted[: -len(left)].endswith(b"\n")
            self._lost(text)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)


def append_line(path: Path, row: Mapping[str, Any]) -> bool:
    """Add plain values by name as a line of JSON, whole or not at all; False when the disk does not take it."""
    line = (json.dumps(row) + "\n").encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:
            before = os.fstat(file.fileno()).st_size
            if file.write(line) == len(line):
                return True
            file.truncate(before)
    except OSError:
        return False
    return False
