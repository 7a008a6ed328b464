"""A section as it came over the wire, made ready for the engine; what does not fit is refused (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from alphabus.columns import BAR_COLUMNS, PRICES
from alphabus.messages import Bars, Column, Universe, universe_digest
from common.errors import FactorError
from common.factors.block import Block, check_symbols, sessions_of

NOBODY = universe_digest(())
NEEDED = (*PRICES, "member")


class Universes:
    """Lists of symbols by their digest: what every section of bars refers to."""

    def __init__(self) -> None:
        self._symbols: dict[bytes, tuple[str, ...]] = {NOBODY: ()}

    def learn(self, universe: Universe) -> None:
        """Remember a list; FactorError unless its symbols ascend."""
        check_symbols(universe.symbols)
        self._symbols[universe.universe] = universe.symbols

    def symbols(self, digest: bytes) -> tuple[str, ...]:
        """The symbols a digest stands for; FactorError when it was never told."""
        if digest not in self._symbols:
            raise FactorError(f"no universe message named {digest.hex()[:16]} came before its section")
        return self._symbols[digest]


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
