"""A file of bars, replayed: times before the split are history, the rest is live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from alphabus.messages import Mode
from common.config import Source as SourceConfig
from common.market.panel import Panel
from common.market.quarantine import write_quarantine
from common.market.store import BarTable, load_bars
from services.bar_feed.sources import RawSection


class ReplaySource:
    """Sections of a parquet or CSV file; refused rows go to the quarantine file."""

    mode: ClassVar[Mode] = Mode.REPLAY

    def __init__(self, config: SourceConfig, quarantine: Path) -> None:
        self._table: BarTable = load_bars(config.bars, zone=config.zone, stamp=config.stamp, interval=config.interval)
        self.panel = Panel.from_frame(self._table.frame)
        self._symbols = np.array(self.panel.symbols, dtype=object)
        self._present = self.panel.present
        self._split = int(np.searchsorted(self.panel.time, config.split_ns))
        quarantine.parent.mkdir(parents=True, exist_ok=True)
        write_quarantine(quarantine, self._table.rejected)

    def history(self, after: int) -> Iterator[RawSection]:
        """Sections before the split."""
        return self._sections(0, self._split, after)

    def live(self, after: int) -> Iterator[RawSection]:
        """Sections from the split on."""
        return self._sections(self._split, len(self.panel), after)

    def now(self, _ahead_ns: int) -> None:
        """A file has no clock: what it holds was complete long ago."""
        return

    def facts(self) -> Mapping[str, Any]:
        """Sections of both kinds, and rows refused by reason."""
        return {
            "history": self._split,
            "live": len(self.panel) - self._split,
            "rejected": self._table.rejected_by_reason,
        }

    def _sections(self, first: int, last: int, after: int) -> Iterator[RawSection]:
        for row in range(max(first, int(np.searchsorted(self.panel.time, after, side="right"))), last):
            here = np.flatnonzero(self._present[row])
            columns = {name: values[row, here] for name, values in self.panel.columns.items()}
            yield RawSection(int(self.panel.time[row]), int(self.panel.stamp[row]), tuple(self._symbols[here]), columns)
