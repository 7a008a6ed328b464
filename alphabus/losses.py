"""What went wrong on a link, told once to whoever counts (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from operator import attrgetter

from alphabus.continuity import Tally

LOSSES = ("gaps", "duplicates", "zombies", "restarted", "refused", "stale", "lagged")
"""A hole in the series, a message that was there already, one of a writer that another has replaced, a writer that came
back, one that has not got what it was asked for, three heartbeats without a word, a reader that did not keep up."""

QUIET = ("duplicates", "restarted")
"""What every start brings: a consumer asks from its last section, and drops it."""

Found = Callable[[str, str, int], None]
"""Hears the writer's name, which of LOSSES, and how many more."""

COUNTED = tuple(field.name for field in fields(Tally))

_counts: Callable[[Tally], tuple[int, ...]] = attrgetter(*COUNTED)


class Losses:
    """Compares what is counted with what was told; what a topic counted stays when it is left."""

    def __init__(self, service: str, found: Found) -> None:
        self._service, self._found = service, found
        self._left, self._told = Counter[str](), Counter[str]()
        self._looked_at: list[tuple[int, ...]] | None = None
        """What the topics counted at the last look; None: look again, whatever they count."""
        self._is_stale = False

    def leave(self, tally: Tally) -> None:
        """A topic is not followed any more, or begun anew."""
        self._leave(_added([_counts(tally)]))

    def lag(self) -> None:
        """The reader did not keep up, and gave up what waited for it."""
        self._leave({"lagged": 1})

    def look(self, tallies: Iterable[Tally], *, stale: bool) -> None:
        """Tell what is new; mostly nothing is, and that takes no time."""
        if stale and not self._is_stale:
            self._leave({"stale": 1})
        self._is_stale = stale
        counts = [_counts(tally) for tally in tallies]
        if counts != self._looked_at:
            self._looked_at = counts
            self._tell(self._left + _added(counts))

    def _leave(self, lost: Mapping[str, int]) -> None:
        self._left.update(lost)
        self._looked_at = None

    def _tell(self, now: Counter[str]) -> None:
        for what, count in (now - self._told).items():
            self._found(self._service, what, count)
        self._told = now


def _added(counts: Iterable[tuple[int, ...]]) -> Counter[str]:
    return Counter(dict(zip(COUNTED, map(sum, zip(*counts, strict=True)), strict=False)))
