"""Who is tracked, who is a member and how much of a section came, section by section, as the bar feed says it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.market.constituents import Constituents
from common.market.membership import Membership
from common.market.panel import Panel

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What decides beside bars and model who gets a value: the keys of the same names of an instance."""

    patience_bars: int = 20
    min_coverage: float = 0.5
    min_features: float = 0.5
    constituents: Constituents | None = None

    @property
    def words(self) -> dict[str, Any]:
        """As plain values; members by their digest."""
        members = None if self.constituents is None else self.constituents.digest
        return {
            "feed.patience_bars": self.patience_bars,
            "inference.min_coverage": self.min_coverage,
            "inference.min_features": self.min_features,
            "feed.members": members,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Roll:
    """tracked and member [B, S]; coverage f8[B]."""

    tracked: Mask
    member: Mask
    coverage: NDArray[np.float64]


class RollCall:
    """Observes the sections of panels that follow one another."""

    def __init__(self, conditions: Conditions) -> None:
        self._membership = Membership(conditions.patience_bars, conditions.min_coverage, conditions.constituents)
        self._tracked: tuple[str, ...] = ()

    def widened(self, panel: Panel) -> Panel:
        """The same sections over everybody tracked until now, too: who has no bar is still to be told of."""
        symbols = tuple(sorted({*self._tracked, *panel.symbols}))
        if symbols == panel.symbols:
            return panel
        places = np.searchsorted(symbols, panel.symbols)
        columns = {name: np.full((len(panel), len(symbols)), np.nan) for name in panel.columns}
        for name, values in panel.columns.items():
            columns[name][:, places] = values
        return Panel(symbols, panel.time, panel.stamp, columns)

    def call(self, panel: Panel) -> Roll:
        """Observe every section of a widened panel in order."""
        present, symbols = panel.present, np.array(panel.symbols, dtype=object)
        before = set(self._tracked)
        known = np.array([symbol in before for symbol in panel.symbols], np.bool_)
        tracked: Mask = np.maximum.accumulate(present, axis=0) | known
        member, coverage = np.zeros(present.shape, np.bool_), np.zeros(len(panel))
        for section, here in enumerate(present):
            roll = self._membership.observe(symbols[here].tolist(), int(panel.stamp[section]))
            member[section, tracked[section]] = roll.member
            coverage[section] = roll.coverage
        self._tracked = panel.symbols
        return Roll(tracked, member, coverage)
