"""Counters of one process: they only grow within its epoch."""

from __future__ import annotations

from collections import Counter


class Counters:
    """Named counts, for heartbeats and the summary."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, name: str, amount: int = 1) -> None:
        """Count `amount` more."""
        self._counts[name] += amount

    def set(self, name: str, value: int) -> None:
        """State a figure that is counted elsewhere."""
        self._counts[name] = value

    def snapshot(self) -> dict[str, int]:
        """All counts by name."""
        return dict(self._counts)
