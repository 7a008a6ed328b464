"""Our engine as it is measured beside its peers: section by section, over a history, and from frame to frame."""

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from common.factors.block import Block
from common.factors.engine import Engine
from common.factors.plan import compile_set
from common.factors.sets import FactorSet, load_set
from common.market.store import BarTable
from common.research.factor_frame import factor_frame
from scripts.bench.factor_market import LAST, Floats, symbols_of

DAY_NS = 86_400_000_000_000


def factor_set(request: Mapping[str, Any]) -> FactorSet:
    """Alpha158, or the set of other factors that is asked for."""
    if "texts" in request:
        return FactorSet("growth", tuple(request["texts"].items()), load_set("alpha158").label)
    return load_set("alpha158")


class Live:
    """A section a call, one thread, into memory that is there already."""

    def __init__(self, columns: Mapping[str, Floats], request: Mapping[str, Any]) -> None:
        sections, symbols = columns["close"].shape
        plan = compile_set(factor_set(request))
        self._engine = Engine(plan)
        self._out = np.zeros((len(plan.names), 1, symbols))
        member, names = np.ones((1, symbols), dtype=np.bool_), symbols_of(symbols)
        self._blocks = [
            Block(names, {name: column[at : at + 1] for name, column in columns.items()}, member)
            for at in range(sections)
        ]
        # The first section lays out the memory of all symbols.
        self._engine.update(self._blocks[0], self._out)
        self.facts = {"names": list(plan.names), "symbol_bytes": self._engine.symbol_bytes}

    def run(self, section: int) -> None:
        """Apply one section."""
        self._engine.update(self._blocks[section], self._out)

    def values(self) -> Floats:
        """Return its factors."""
        return self._out


class LiveProcess(Live):
    """The same with all that the factor engine's process imports."""

    def __init__(self, columns: Mapping[str, Floats], request: Mapping[str, Any]) -> None:
        importlib.import_module("services.factor_engine.service")
        super().__init__(columns, request)


class Memory:
    """What a section cannot do without: all that is remembered read once, and every factor written once."""

    def __init__(self, columns: Mapping[str, Floats], request: Mapping[str, Any]) -> None:
        plan, symbols = compile_set(factor_set(request)), columns["close"].shape[1]
        self._remembered = np.zeros((plan.program.remembered, symbols), dtype=np.int64)
        self._out = np.zeros((len(plan.names), 1, symbols))
        self._found = 0

    def run(self, section: int) -> None:
        """Read and write."""
        self._found |= int(np.bitwise_or.reduce(self._remembered, axis=None))
        self._out.fill(section)

    def values(self) -> Floats:
        """Return what was written."""
        return self._out


class History:
    """All sections, in blocks, into memory that is there already."""

    def __init__(self, columns: Mapping[str, Floats], request: Mapping[str, Any]) -> None:
        self._columns, self._threads = columns, request["threads"]
        self._plan = compile_set(factor_set(request))
        self._values = np.zeros((len(self._plan.names), *columns["close"].shape))
        self.facts = {"names": list(self._plan.names)}

    def run(self, section: int) -> None:
        """Compute everything, from no state at all."""
        del section
        sections, symbols = self._values.shape[1:]
        Engine(self._plan, threads=self._threads).update(
            Block(symbols_of(symbols), self._columns, np.ones((sections, symbols), dtype=np.bool_)), self._values
        )

    def values(self) -> Floats:
        """Return the last sections."""
        return self._values[:, -LAST:]


class Frames:
    """From a frame of bars to a frame of factors, as a notebook asks for it."""

    def __init__(self, columns: Mapping[str, Floats], request: Mapping[str, Any]) -> None:
        self._table, self._set = bar_table(columns), factor_set(request)
        self._symbols = columns["close"].shape[1]
        self._made = pl.DataFrame()
        self.facts = {"names": [name for name, _ in self._set.factors]}

    def run(self, section: int) -> None:
        """Compute everything."""
        del section
        self._made = factor_frame(self._table, self._set)

    def values(self) -> Floats:
        """Return the last sections."""
        names = self.facts["names"]
        table = self._made.tail(LAST * self._symbols).select(names).to_numpy()
        return np.ascontiguousarray(table.T.reshape(len(names), LAST, self._symbols))


def bar_table(columns: Mapping[str, Floats]) -> BarTable:
    """Daily bars, as if read from a file."""
    sections, symbols = columns["close"].shape
    at = np.repeat(np.arange(1, sections + 1) * DAY_NS, symbols)
    frame = pl.DataFrame(
        {"time": at, "stamp": at - DAY_NS, "symbol": list(symbols_of(symbols)) * sections}
        | {name: column.reshape(-1) for name, column in columns.items()}
    )
    none = pl.DataFrame({"reason": pl.Series([], dtype=pl.String)})
    return BarTable(frame, none, DAY_NS, "open", "UTC", "symbol", pl.Datetime("us"))
