"""Rows whose value reads something that vnpy treats otherwise: a missing value, or a bar that is none here (pure)."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from common.factors.parser import parse
from common.research.migration.findings import deviation, moved
from common.research.migration.market import SHAKE, Market, any_within, depth_above, in_section
from common.research.migration.rewriting import TEXTUAL, as_vnpy, called, parts_of
from common.research.migration.shaking import noise_for, shaken

Mask = NDArray[np.bool_]

SHAKES = 6
"""And as many opposite ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """Follows texts over a market, as we compute them and as vnpy does; masks are of its rows, [N].

    whole: columns of its bars that vnpy held as whole numbers.
    """

    market: Market
    whole: Collection[str] = ()

    def missing(self, text: str) -> Mask:
        """Rows with a value that is none, within what the text reads: in the window, or in a section of it."""
        ours, theirs = (self._missing(market, each) for market, each in self._ways(text))
        return ours | theirs

    def on_last_bits(self, text: str) -> Mask:
        """Rows whose value moves by more than rounding when the bars, and every sum of them, are shaken a little."""
        ours, theirs = (self._on_last_bits(market, each) for market, each in self._ways(text))
        return ours | theirs

    def _ways(self, text: str) -> tuple[tuple[Market, str], tuple[Market, str]]:
        return (self.market, text), (self.market.as_vnpy, as_vnpy(text, TEXTUAL, self.whole))

    def _missing(self, market: Market, text: str) -> Mask:
        parts, present = parts_of(text) or (text,), market.panel.present
        across, found = self._is_across(text), np.zeros(present.shape, np.bool_)
        for part, dense, reach in zip(
            parts, market.dense({part: part for part in parts}), depth_above(text, parts), strict=True
        ):
            # The covariance with a constant is 0 here and nothing in vnpy.
            bad = (np.isnan(dense) | (dense == 0.0 if part.startswith("ts_cov(") else False)) & present
            found |= any_within(in_section(bad) if across else bad, present, reach)
        return self._at_rows(found)

    def _on_last_bits(self, market: Market, text: str) -> Mask:
        values, noise = market.values({"it": text})["it"], noise_for(text)
        std, found = deviation(values), np.zeros(len(values), np.bool_)
        off = text if noise is None else shaken(text, noise, self.whole)
        # Each shake and its opposite: what the one leaves in the order it had, the other turns round.
        for seed, size in product(range(SHAKES), (SHAKE, -SHAKE)):
            other = market.shaken(np.random.default_rng(seed), size, noise)
            found |= moved(values, other.values({"it": off})["it"], std)
        return found

    def suspended(self, text: str) -> Mask:
        """Rows whose window, or a section of it, holds a bar of vnpy's that is none here."""
        refused, panel = self.market.refused, self.market.panel
        found = np.zeros(panel.present.shape, np.bool_)
        if not refused.height:
            return self._at_rows(found)
        # A bar that is none here shows in the windows of the bars that follow it.
        place = {symbol: number for number, symbol in enumerate(panel.symbols)}
        for symbol, stamps in refused.sort("stamp").group_by("symbol", maintain_order=True):
            if symbol[0] in place:
                self._mark(found[:, place[str(symbol[0])]], stamps["stamp"].to_numpy(), place[str(symbol[0])])
        across = self._is_across(text)
        if across:
            found |= np.isin(panel.stamp, refused["stamp"].to_numpy())[:, None]
        return self._at_rows(any_within(in_section(found) if across else found, panel.present, parse(text).look_back))

    def _mark(self, column: Mask, stamps: NDArray[np.int64], symbol: int) -> None:
        """Flag the first own bar after each of the stamps."""
        own = np.flatnonzero(self.market.panel.present[:, symbol])
        after = np.searchsorted(self.market.panel.stamp[own], stamps)
        column[own[after[after < len(own)]]] = True

    def _is_across(self, text: str) -> bool:
        return any(name.startswith("cs_") for name in called(text))

    def _at_rows(self, dense: Mask) -> Mask:
        found: Mask = dense[self.market.places.section, self.market.places.symbol]
        return found
