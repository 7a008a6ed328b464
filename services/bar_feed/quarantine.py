"""What stays out of the stream, as JSON lines: sections that were refused, bars of symbols without a place."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from common.lines import append_line
from services.bar_feed.sources import RawSection

MAX_KEPT = 100
"""Lines a reason: the first tell what is wrong, and the source has them all."""


class Quarantine:
    """A file of them; those of one reason do not crowd out those of another."""

    def __init__(self, path: Path) -> None:
        self._path, self._kept = path, Counter[str]()

    def keep(self, reason: str, raw: RawSection) -> bool:
        """Add a section with why it stays out, unless there are enough; False when the disk does not take it."""
        self._kept[reason] += 1
        if self._kept[reason] > MAX_KEPT:
            return True
        columns = {name: values.tolist() for name, values in raw.columns.items()}
        told = {"time": raw.time, "stamp": raw.stamp, "symbols": raw.symbols, "columns": columns}
        return append_line(self._path, {"reason": reason, **told})
