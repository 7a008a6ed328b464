"""What the signal cache answers from, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from alphabus.messages import Signals, Streamed, Universe


class Readable(Protocol):
    """The sections of one arm."""

    @property
    def topic(self) -> str:
        """The topic they are answered under."""
        ...

    @property
    def latest(self) -> Signals | None:
        """The last section, None before the first."""
        ...

    @property
    def universe(self) -> Universe | None:
        """Of the latest section."""
        ...

    def history(self, first: int, last: int) -> Iterator[Streamed]:
        """Sections of these bars, the universe in force first."""
        ...

    def around(self, time: int) -> Iterator[Streamed]:
        """The section that closes at `time` (ns); if there is none, those before and after it."""
        ...
