"""Where bars come from: one file a source, one protocol for all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alphabus.messages import Mode


@dataclass(frozen=True, slots=True, eq=False)
class RawSection:
    """What a source has for one bar time: the present symbols, ascending, and their columns f8[present]."""

    time: int
    stamp: int
    symbols: tuple[str, ...]
    columns: Mapping[str, NDArray[np.float64]]

    def apart(self, symbols: Collection[str]) -> tuple[RawSection, RawSection]:
        """The section without these of its symbols, and what it has of these alone."""
        named = set(symbols)
        out = np.fromiter((symbol in named for symbol in self.symbols), np.bool_, len(self.symbols))
        return self._only(~out), self._only(out)

    def _only(self, mask: NDArray[np.bool_]) -> RawSection:
        symbols = tuple(self.symbols[place] for place in np.flatnonzero(mask))
        return RawSection(self.time, self.stamp, symbols, {name: each[mask] for name, each in self.columns.items()})


class Source(Protocol):
    """Checked bars by time. `after` is the close time of the last section that is on record already."""

    @property
    def mode(self) -> Mode:
        """What its sections are once history is over: live or replay."""
        ...

    def history(self, after: int) -> Iterator[RawSection]:
        """Sections that only feed state; of a live source also what closed while nobody listened, but the newest."""
        ...

    def live(self, after: int) -> Iterator[RawSection]:
        """Sections that are to become signals; ends when the source does."""
        ...

    def now(self, ahead_ns: int) -> int | None:
        """Close time (ns) of the newest section that can be complete `ahead_ns` from now; None: it has no clock."""
        ...

    def facts(self) -> Mapping[str, Any]:
        """What there is to know about the source, for the log and the summary."""
        ...
