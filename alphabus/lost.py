"""What a client's links lost, and what was refused on them, for whoever uses it to look at (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from alphabus.errors import DecodeError
from alphabus.losses import QUIET
from alphabus.sockets import Received

UNREADABLE = "unreadable"
"""Beside `alphabus.losses.LOSSES`: bytes that are not a message, and were left out."""

Counts = Mapping[tuple[str, str], int]
"""How many, by writer and kind."""


class Lost:
    """Counts by writer and kind; both are few, so this never grows large however long a client lives."""

    def __init__(self) -> None:
        self._counts = Counter[tuple[str, str]]()

    def found(self, link: str, what: str, count: int) -> None:
        """So many more of one kind were lost on the link to a writer."""
        self._counts[link, what] += count

    def refused(self, link: str, _error: DecodeError, _frames: Received) -> None:
        """What came on the link to a writer is not a message."""
        self._counts[link, UNREADABLE] += 1

    @property
    def counts(self) -> Counts:
        """As they are now."""
        return dict(self._counts)


class Tidings:
    """What a watcher tells of the links: their state when it changed, who refuses, what was lost since it last told."""

    def __init__(self) -> None:
        self._state, self._told = "current", Counter[tuple[str, str]]()
        self._refusals: Mapping[str, str] = {}

    def of(self, state: str, counts: Counts, refusals: Mapping[str, str]) -> Iterator[str]:
        """A line for each piece of news; what every start brings is none. `refusals` has why, by writer."""
        if state != self._state:
            self._state = state
            yield f"link: {state}"
        for link, why in refusals.items():
            if self._refusals.get(link) != why:
                yield f"refused: {link} {why}"
        self._refusals = refusals
        now = Counter({key: count for key, count in counts.items() if key[1] not in QUIET})
        for (link, what), count in (now - self._told).items():
            yield f"lost: {link} {what} {count}"
        self._told = now
