"""The same bars twice, as they were traded and as vnpy had loaded them, and values of texts over either (pure)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.factors.block import PRICES, Block
from common.factors.engine import Engine
from common.factors.parser import parse
from common.factors.plan import compile_expressions
from common.market.panel import Panel
from common.research.factor_blocks import THREADS
from common.research.migration.places import Places, loaded_columns

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SHAKE = 1e-12

BATCH_NUMBERS = 16_000_000
"""Values in memory at a time, 8 bytes each."""


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """Sections of symbols, who was a member of each, and the rows [N] of an export that are looked at.

    loaded: columns as vnpy held them; refused: (stamp, symbol) of its bars that are none here.
    """

    panel: Panel
    member: Mask
    loaded: Mapping[str, Floats]
    places: Places
    refused: pl.DataFrame

    @classmethod
    def of(cls, panel: Panel, member: Mask, loaded: pl.DataFrame, rows: pl.DataFrame) -> "Market":
        """Put an export's frames over a panel."""
        known = Places.of(loaded, panel)
        gone = np.ones(loaded.height, np.bool_)
        gone[known.row] = False
        return cls(
            panel,
            member,
            loaded_columns(loaded, panel),
            Places.of(rows, panel),
            loaded.select("stamp", "symbol").filter(gone),
        )

    @property
    def rescaled(self) -> "Market":
        """Prices of each symbol times another power of two: what divides them out keeps its bits."""
        factor = np.exp2(np.arange(len(self.panel.symbols)) % 5 - 2.0)
        scaled = {name: values * factor if name in PRICES else values for name, values in self.panel.columns.items()}
        return replace(self, panel=replace(self.panel, columns=scaled))

    def shaken(self, random: np.random.Generator, size: float = SHAKE, noise: str | None = None) -> "Market":
        """Every number of the bars up to `size` of it more or less; noise: a column that becomes such shares."""
        shape = self.panel.present.shape
        columns = {
            name: values * (1.0 + size * random.uniform(-1.0, 1.0, shape))
            for name, values in self.panel.columns.items()
        }
        if noise is not None:
            columns[noise] = size * random.uniform(-1.0, 1.0, shape)
        return replace(self, panel=replace(self.panel, columns=columns))

    @property
    def as_loaded(self) -> "Market":
        """With the numbers vnpy held."""
        return replace(self, panel=replace(self.panel, columns={**self.panel.columns, **self.loaded}))

    @property
    def as_vnpy(self) -> "Market":
        """Sections of everybody, with the numbers vnpy held."""
        return self.as_loaded.of_everybody

    @property
    def of_everybody(self) -> "Market":
        """Sections of whoever has a bar."""
        return replace(self, member=self.panel.present)

    def values(self, texts: Mapping[str, str]) -> dict[str, Floats]:
        """Values f8[N] of each text at the rows."""
        found: dict[str, Floats] = {}
        for some in self._batches(texts):
            dense = self.dense(some)
            found |= {name: dense[place][self.places.section, self.places.symbol] for place, name in enumerate(some)}
        return found

    def dense(self, texts: Mapping[str, str]) -> Floats:
        """Values f8[F, B, S] of all texts, in their order."""
        plan = compile_expressions(list(texts), [parse(text, name=name) for name, text in texts.items()])
        block = Block(self.panel.symbols, self.panel.columns, np.ascontiguousarray(self.member))
        found: Floats = Engine(plan, threads=THREADS).update(block).values
        return found

    def _batches(self, texts: Mapping[str, str]) -> Iterator[dict[str, str]]:
        size = max(1, BATCH_NUMBERS // max(1, len(self.panel) * len(self.panel.symbols)))
        left = iter(texts.items())
        while some := dict(islice(left, size)):
            yield some


def any_within(flags: Mask, present: Mask, reach: int | None) -> Mask:
    """Whether any of a symbol's last `reach` + 1 own bars (None: of all up to here) is flagged, [B, S]."""
    symbol, section = np.nonzero(present.T)
    first = np.searchsorted(symbol, np.arange(present.shape[1]))[symbol]
    here = np.arange(len(symbol))
    total = np.concatenate([[0], np.cumsum(flags[section, symbol])])
    begin = first if reach is None else np.maximum(here - reach, first)
    found: Mask = np.zeros(present.shape, np.bool_)
    found[section, symbol] = total[here + 1] > total[begin]
    return found


def in_section(flags: Mask) -> Mask:
    """Whether anybody of the section is flagged, [B, S]."""
    return np.broadcast_to(flags.any(axis=1, keepdims=True), flags.shape)


def depth_above(root: str, parts: Sequence[str]) -> list[int | None]:
    """Own bars by which each part of a text can be older than the value that reads it; None: any."""
    whole = parse(root).look_back
    inside = [parse(part).look_back for part in parts]
    return [None if whole is None or each is None else max(0, whole - each) for each in inside]
