"""Bars as rows, symbol by symbol as vnpy holds them, and as the block our engine takes: the same bars."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.factors.block import Block
from common.factors.engine import Engine
from common.factors.expression import Expression
from common.factors.parser import parse
from common.factors.plan import compile_expressions
from common.market.panel import Panel

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]
BARS = ("open", "high", "low", "close", "volume", "turnover")


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows sorted by symbol, then time: section and symbol of each, and the row its symbol begins with."""

    panel: Panel
    section: Integers
    symbol: Integers
    first: Integers

    @classmethod
    def of(cls, frame: pl.DataFrame) -> "Rows":
        """Take good bars as `load_bars` gives them."""
        panel = Panel.from_frame(frame)
        symbol, section = np.nonzero(panel.present.T)
        first = np.searchsorted(symbol, np.arange(len(panel.symbols)))[symbol]
        return cls(panel, section.astype(np.int64), symbol.astype(np.int64), first.astype(np.int64))

    def __len__(self) -> int:
        return len(self.section)

    @property
    def own(self) -> Integers:
        """Number of each bar on its symbol's own clock, 0 first."""
        own: Integers = np.arange(len(self)) - self.first
        return own

    def frame(self) -> pl.DataFrame:
        """Return the frame vnpy takes, with the vwap its lab makes."""
        columns = {name: self.panel.columns[name][self.section, self.symbol] for name in BARS}
        stamp = pl.Series(self.panel.stamp[self.section]).cast(pl.Datetime("ns"))
        symbols = pl.Series(self.panel.symbols).gather(self.symbol)
        made = pl.DataFrame({"datetime": stamp, "vt_symbol": symbols, **columns})
        return made.with_columns(vwap=pl.col("turnover") / pl.col("volume"))

    def scatter(self, values: Floats) -> Floats:
        """Spread rows over sections and symbols, NaN elsewhere."""
        dense = np.full(self.panel.present.shape, np.nan)
        dense[self.section, self.symbol] = values
        return dense

    def compute(self, expressions: Mapping[str, Expression]) -> dict[str, Floats]:
        """Compute expressions over these bars by our engine."""
        return self._run(expressions, {name: self.panel.columns[name] for name in BARS})

    def apply(self, text: str, inputs: Mapping[str, Floats]) -> Floats:
        """Compute one text over given inputs f8[rows] in place of bar columns; `volume` must not be one."""
        columns = {name: self.scatter(values) for name, values in inputs.items()}
        # Bars whose inputs are all missing are bars all the same.
        return self._run({"it": parse(text, future=True)}, columns | {"volume": self.scatter(np.ones(len(self)))})["it"]

    def _run(self, expressions: Mapping[str, Expression], columns: dict[str, Floats]) -> dict[str, Floats]:
        plan = compile_expressions(list(expressions), list(expressions.values()))
        member = np.ones(self.panel.present.shape, dtype=np.bool_)
        values = Engine(plan).update(Block(self.panel.symbols, columns, member)).values
        return {name: values[i][self.section, self.symbol] for i, name in enumerate(expressions)}

    def any_before(self, flags: Booleans, bars: int) -> Booleans:
        """Whether any of a symbol's last `bars` rows, this one included, is flagged."""
        total = np.concatenate([[0], np.cumsum(flags)])
        here = np.arange(len(self))
        found: Booleans = total[here + 1] > total[np.maximum(here + 1 - bars, self.first)]
        return found

    def any_beside(self, flags: Booleans) -> Booleans:
        """Whether any row of the same section is flagged."""
        found: Booleans = (np.bincount(self.section, weights=flags, minlength=len(self.panel)) > 0)[self.section]
        return found

    def before(self, values: Floats, delay: int) -> Floats:
        """Values of so many own bars ago (ahead if negative), NaN where there is none."""
        from_ = np.arange(len(self)) - delay
        inside = (from_ >= 0) & (from_ < len(self))
        from_ = np.where(inside, from_, 0)
        return np.where(inside & (self.first[from_] == self.first), values[from_], np.nan)
