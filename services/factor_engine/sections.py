"""A section as it came over the wire, made ready for the engine; what does not fit is refused (pure)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from alphabus.columns import BAR_COLUMNS, PRICES
from alphabus.errors import UniverseError
from alphabus.messages import Bars, Column, Factors, Universe
from alphabus.universes import NOBODY, Universes
from common.errors import FactorError
from common.factors.block import Block, check_symbols, sessions_of

NEEDED = (*PRICES, "member")


class Listings:
    """The lists of symbols that the sections of one stream refer to: each is told before the first that does."""

    def __init__(self) -> None:
        self._universes = Universes()

    def learn(self, universe: Universe) -> None:
        """Remember a list; FactorError unless its symbols ascend."""
        check_symbols(universe.symbols)
        self._universes.learn(universe)

    def of(self, section: Bars | Factors) -> Universe:
        """The list of a section, as it is told before it; FactorError when it was never told."""
        try:
            symbols = self._universes.symbols(section.universe)
        except UniverseError as error:
            raise FactorError(str(error)) from error
        return Universe(section.journal, section.bar, section.universe, symbols)

    def known(self, section: Bars | Factors) -> Universe | None:
        """The same, or None."""
        with suppress(FactorError):
            return self.of(section)
        return None


def block_of(bars: Bars, symbols: tuple[str, ...]) -> Block:
    """One section as a block, uncopied; FactorError for columns that are missing, or not f8[S] (member: u1[S])."""
    for name in NEEDED:
        if name not in bars.columns:
            raise FactorError(f"section {bars.bar} has no column {name!r}; it has {', '.join(bars.columns)}")
    for name, column in bars.columns.items():
        _check(bars.bar, name, column, len(symbols))
    columns: dict[str, Any] = {name: column[np.newaxis, :] for name, column in bars.columns.items() if name != "member"}
    member = bars.columns["member"].astype(np.bool_)[np.newaxis, :]
    return Block(symbols, columns, member, sessions_of(np.array([bars.stamp])))


def without_symbols(bars: Bars) -> Bars:
    """The section as if nobody had a bar in it: what a refused one counts as."""
    columns: dict[str, Column] = {name: np.empty(0) for name in BAR_COLUMNS if name != "member"}
    return replace(bars, universe=NOBODY, coverage=0.0, columns=columns | {"member": np.empty(0, dtype=np.uint8)})


def _check(bar: int, name: str, column: Column, symbols: int) -> None:
    kind = np.dtype(np.uint8 if name == "member" else np.float64)
    if column.shape != (symbols,) or column.dtype != kind:
        raise FactorError(
            f"column {name!r} of section {bar} must be {kind}[{symbols}], not {column.dtype}{list(column.shape)}"
        )
