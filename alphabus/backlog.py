"""How far a reader is behind: what it has read since its queue was last empty (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_MESSAGES = 8192
MAX_BYTES = 256 * 1024 * 1024


@dataclass(slots=True)
class Backlog:
    """Nobody can ask ZeroMQ how much waits; but who reads this much, and never all, reads what is long out of date."""

    messages: int = 0
    size: int = 0

    @property
    def is_long(self) -> bool:
        """Whether the reader does not keep up."""
        return self.messages >= MAX_MESSAGES or self.size >= MAX_BYTES

    def read(self, frames: Sequence[bytes | memoryview]) -> int:
        """One message more; returns its bytes."""
        size = sum(map(len, frames))
        self.messages += 1
        self.size += size
        return size

    def end(self) -> None:
        """Nothing more was there, or all that is there was given up."""
        self.messages = self.size = 0
