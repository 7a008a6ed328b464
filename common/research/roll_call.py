"""Who is tracked, who is a member and how much of a section came, section by section, as the bar feed says it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alphabus.columns import MAX_SYMBOLS
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
    forget_bars: int | None = None

    @property
    def words(self) -> dict[str, Any]:
        """As plain values; members by their digest."""
        members = None if self.constituents is None else self.constituents.digest
        return {
            "feed.patience_bars": self.patience_bars,
            "feed.forget_bars": self.forget_bars,
            "inference.min_coverage": self.min_coverage,
            "inference.min_features": self.min_features,
            "feed.members": members,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Roll:
    """tracked and member [B, S]; coverage f8[B]; homeless: bars of symbols that found no place, and were taken out."""

    tracked: Mask
    member: Mask
    coverage: NDArray[np.float64]
    homeless: int = 0


class RollCall:
    """Observes the sections of panels that follow one another."""

    def __init__(self, conditions: Conditions, most: int = MAX_SYMBOLS) -> None:
        """`most`: how many symbols a section can hold."""
        self._membership = Membership(
            conditions.patience_bars, conditions.min_coverage, conditions.constituents, conditions.forget_bars, most
        )

    def call(self, narrow: Panel) -> tuple[Panel, Roll]:
        """Observe every section of a panel in order.

        Returns its bars without those of symbols that find no place, over everybody who is tracked now or has a bar:
        who is tracked and has none is still to be told of.
        """
        panel = self._widened(narrow)
        present, symbols = panel.present, np.array(panel.symbols, dtype=object)
        homeless, tracked, member = np.zeros_like(present), np.zeros_like(present), np.zeros_like(present)
        coverage = np.zeros(len(panel))
        listed, places = tuple[str, ...](), np.empty(0, np.int64)
        for section, here in enumerate(present):
            out = self._membership.homeless(symbols[here].tolist())
            homeless[section, np.searchsorted(symbols, np.array(out, dtype=object))] = True
            roll = self._membership.observe(symbols[here & ~homeless[section]].tolist(), int(panel.stamp[section]))
            if roll.tracked is not listed:
                listed, places = roll.tracked, np.searchsorted(symbols, np.array(roll.tracked, dtype=object))
            tracked[section, places] = True
            member[section, places] = roll.member
            coverage[section] = roll.coverage
        return _without(panel, homeless), Roll(tracked, member, coverage, int(np.count_nonzero(homeless)))

    def _widened(self, panel: Panel) -> Panel:
        """The same sections over everybody who is tracked now, too."""
        symbols = tuple(sorted({*self._membership.tracked, *panel.symbols}))
        if symbols == panel.symbols:
            return panel
        places = np.searchsorted(symbols, panel.symbols)
        columns = {name: np.full((len(panel), len(symbols)), np.nan) for name in panel.columns}
        for name, values in panel.columns.items():
            columns[name][:, places] = values
        return Panel(symbols, panel.time, panel.stamp, columns)


def _without(panel: Panel, bars: Mask) -> Panel:
    if not bars.any():
        return panel
    columns = {name: np.where(bars, np.nan, values) for name, values in panel.columns.items()}
    return Panel(panel.symbols, panel.time, panel.stamp, columns)
