"""A file of bars that goes on for ever: all of it is history, what follows is made up, live, by its own clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from alphabus.clock import Clock
from alphabus.messages import Mode
from common.config import Source as SourceConfig
from common.market.continuation import Continuation
from services.bar_feed.sources import RawSection
from services.bar_feed.sources.replay import ReplaySource

STEP_NS = 60_000_000_000  # daily bars, one a second, would reach the end of the calendar within a day
LAST_NS = 1 << 63


class GeneratedSource:
    """Sections a minute of its own time apart, the same for the same file and seed; its clock moves one a pace."""

    mode: ClassVar[Mode] = Mode.LIVE

    def __init__(self, config: SourceConfig, quarantine: Path, clock: Clock, pace_ns: int) -> None:
        """Load the file; raises BarFileError."""
        self._file = ReplaySource(config, quarantine)
        self._market = Continuation(self._file.panel, config.seed)
        self._symbols = np.array(self._market.traits.symbols, dtype=object)
        self._time, self._stamp = int(self._file.panel.time[-1]), int(self._file.panel.stamp[-1])
        self._clock, self._pace_ns = clock, pace_ns
        self._first, self._opened_ns = 1, clock.monotonic_ns()

    def history(self, after: int) -> Iterator[RawSection]:
        """The whole file."""
        return self._file.live(after)

    def live(self, after: int) -> Iterator[RawSection]:
        """What follows it, until the calendar ends in the year 2262."""
        return self._sections(max((after - self._time) // STEP_NS, 0) + 1)

    def now(self, ahead_ns: int) -> int:
        """Close time (ns) of the newest section that is complete `ahead_ns` from now; another one each pace."""
        passed = (self._clock.monotonic_ns() + ahead_ns - self._opened_ns) // self._pace_ns
        return self._time + (self._first + passed) * STEP_NS

    def facts(self) -> Mapping[str, Any]:
        """Sections of the file, its refused rows, and how many symbols go on."""
        told = self._file.facts()
        return {"history": told["live"], "rejected": told["rejected"], "symbols": len(self._symbols)}

    def _sections(self, first: int) -> Iterator[RawSection]:
        self._first, self._opened_ns = first, self._clock.monotonic_ns()
        for number, columns in enumerate(self._market.bars(first), first):
            moved = number * STEP_NS
            if self._time + moved >= LAST_NS:
                return
            here = np.flatnonzero(~np.isnan(columns["close"]))
            present = {name: values[here] for name, values in columns.items()}
            yield RawSection(self._time + moved, self._stamp + moved, tuple(self._symbols[here]), present)
