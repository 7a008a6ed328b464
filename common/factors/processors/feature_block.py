"""What processors work on: columns of features, and perhaps the label, over the rows that count."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from common.errors import FactorError
from common.factors.block import FactorBlock
from common.factors.kernels.build import Booleans, Floats, Integers
from common.nearest import did_you_mean

LABEL = "label"
"""The column that is learnt; any other is a feature."""


@dataclass(frozen=True, slots=True, eq=False)
class FeatureBlock:
    """Columns values[c,b,s] by name; `rows`[b,s] tells which count, and values elsewhere mean nothing.

    symbols: ascending; stamp: i8[B], ns as the source writes them; values: f8, C-contiguous, NaN where missing.
    """

    symbols: tuple[str, ...]
    stamp: Integers
    names: tuple[str, ...]
    values: Floats
    rows: Booleans

    @classmethod
    def of(cls, factors: FactorBlock, stamp: Integers) -> Self:
        """A block's factors; the rows are the bars of its members. `values` is shared, not copied."""
        rows = (factors.present != 0) & (factors.member != 0)
        return cls(factors.symbols, stamp, factors.names, factors.values, rows)

    def __post_init__(self) -> None:
        shape = (len(self.names), len(self.stamp), len(self.symbols))
        if self.values.shape != shape or self.values.dtype != np.float64 or not self.values.flags.c_contiguous:
            raise FactorError(f"values must be C-contiguous f8{shape}, not {self.values.dtype}{self.values.shape}")
        if self.rows.shape != shape[1:] or self.rows.dtype != np.bool_:
            raise FactorError(f"rows must be bool{shape[1:]}, not {self.rows.dtype}{self.rows.shape}")

    @property
    def features(self) -> tuple[str, ...]:
        """Every column but the label."""
        return tuple(name for name in self.names if name != LABEL)

    def copy(self) -> Self:
        """A block of its own memory."""
        return replace(self, values=self.values.copy(), rows=self.rows.copy())

    def places(self, names: tuple[str, ...]) -> Integers:
        """Where columns stand; FactorError with the closest name for an unknown one."""
        known = {name: place for place, name in enumerate(self.names)}
        for name in names:
            if name not in known:
                raise FactorError(f"there is no column {name!r} to process{did_you_mean(name, known)}")
        return np.array([known[name] for name in names], dtype=np.int64)

    def between(self, first: int, last: int) -> Self:
        """The sections stamped from `first` to `last` (ns), both included; other rows no longer count."""
        return replace(self, rows=self.rows & ((first <= self.stamp) & (self.stamp <= last))[:, None])
