"""What went wrong on a link, told once to whoever counts (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict

from alphabus.continuity import Tally

LOSSES = ("gaps", "duplicates", "zombies", "restarted", "refused", "stale", "lagged")
"""A hole in the series, a message that was there already, one of a writer that another has replaced, a writer that came
back, one that has not got what it was asked for, three heartbeats without a word, a reader that did not keep up."""

Found = Callable[[str, str, int], None]
"""Hears the writer's name, which of LOSSES, and how many more."""


class Losses:
    """Compares what is counted with what was told; what a topic counted stays when it is left."""

    def __init__(self, service: str, found: Found) -> None:
        self._service, self._found = service, found
        self._left, self._told = Counter[str](), Counter[str]()
        self._is_stale = False

    def leave(self, tally: Tally) -> None:
        """A topic is not followed any more, or begun anew."""
        self._left += _counted([tally])

    def lag(self) -> None:
        """The reader did not keep up, and gave up what waited for it."""
        self._left["lagged"] += 1

    def look(self, tallies: Iterable[Tally], *, stale: bool) -> None:
        """Tell what is new."""
        self._left["stale"] += stale and not self._is_stale
        self._is_stale = stale
        now = self._left + _counted(tallies)
        for what, count in (now - self._told).items():
            self._found(self._service, what, count)
        self._told = now


def _counted(tallies: Iterable[Tally]) -> Counter[str]:
    found = Counter[str]()
    for tally in tallies:
        found.update(asdict(tally))
    return +found
