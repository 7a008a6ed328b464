"""What the signal cache answers from, whoever wrote it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

from alphabus.messages import EndOfStream, Signals, Streamed, Universe


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
    def numbering(self) -> bytes | None:
        """The journal that their bars are counted in, None before the first."""
        ...

    @property
    def left(self) -> Collection[bytes]:
        """The numberings that the stream was of before."""
        ...

    @property
    def end(self) -> EndOfStream | None:
        """That nothing follows; None as long as nobody said so."""
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
