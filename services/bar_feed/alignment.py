"""From what a source has to a section over all tracked symbols (pure)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from alphabus.messages import Bars, Column, Mode, Universe, universe_digest
from common.market.membership import Membership, Roll
from services.bar_feed.sources import RawSection

FACTORS_OF_ONE = ("price_factor", "share_factor")


class Alignment:
    """Places the symbols of each section among the tracked ones, and says when the universe changed."""

    def __init__(self, membership: Membership) -> None:
        self._membership = membership
        self._digest = b""
        self._tracked: tuple[str, ...] = ()

    @property
    def expected(self) -> int:
        """How many symbols the next section should have."""
        return self._membership.expected_count

    def admit(self, symbols: tuple[str, ...]) -> None:
        """Track symbols that were seen before the record begins."""
        self._membership.admit(symbols)

    def restore(self, bars: Bars, symbols: tuple[str, ...]) -> None:
        """Go on from a section that is on record, under the list of `symbols` that was told for it."""
        self._membership.recall(_present_symbols(bars.columns, symbols), bars.coverage)
        self._tracked, self._digest = symbols, bars.universe

    def resume(self) -> None:
        """All that is on record was restored: the sections that follow are new."""
        self._membership.fit()

    def align(self, raw: RawSection, journal: bytes, bar: int, mode: Mode) -> tuple[Universe | None, Bars]:
        """The section, and the universe when it is not the one before; coverage stands in the section."""
        roll = self._membership.observe(raw.symbols, raw.stamp)
        changed = self._adopt(roll)
        universe = Universe(journal, bar, self._digest, self._tracked) if changed else None
        columns: dict[str, Column] = {name: _scattered(values, roll.present) for name, values in raw.columns.items()}
        for name in FACTORS_OF_ONE:  # the replay source knows of no splits: prices are taken as they are
            columns.setdefault(name, np.ones(len(roll.tracked)))
        columns["member"] = roll.member.astype(np.uint8)
        return universe, Bars(journal, bar, mode, raw.time, raw.stamp, self._digest, roll.coverage, columns)

    def _adopt(self, roll: Roll) -> bool:
        if roll.tracked == self._tracked:
            return False
        self._tracked, self._digest = roll.tracked, universe_digest(roll.tracked)
        return True


def _present_symbols(columns: Mapping[str, Column], symbols: tuple[str, ...]) -> tuple[str, ...]:
    """The symbols that have a bar in a section."""
    return tuple(symbols[place] for place in np.flatnonzero(~np.isnan(columns["close"])))


def _scattered(values: NDArray[np.float64], present: NDArray[np.bool_]) -> NDArray[np.float64]:
    column = np.full(present.shape, np.nan)
    column[present] = values
    return column
