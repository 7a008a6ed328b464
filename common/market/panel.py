"""A panel: bars as dense columns over (section, symbol), NaN where there is no bar."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.market.columns import NUMBERS

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Sections by time: `time`, `stamp` [B] ns, `symbols` [S] ascending, `columns` name to f8[B, S] C-contiguous."""

    symbols: tuple[str, ...]
    time: NDArray[np.int64]
    stamp: NDArray[np.int64]
    columns: Mapping[str, Floats]

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> "Panel":
        """Scatter a frame of good rows, at most one a (time, symbol), in any order."""
        time, first, section = np.unique(frame["time"].to_numpy(), return_index=True, return_inverse=True)
        symbols = frame["symbol"].unique().sort()
        column = frame["symbol"].cast(pl.Enum(symbols)).to_physical().to_numpy()
        cells = section * len(symbols) + column.astype(np.int64)
        shape = (len(time), len(symbols))
        columns = {name: _scatter(frame[name], cells, shape) for name in NUMBERS if name in frame.columns}
        panel = cls(tuple(symbols), time, frame["stamp"].to_numpy()[first], columns)
        if np.count_nonzero(panel.present) != frame.height:
            raise ValueError("the frame holds a (time, symbol) twice, or a bar without a close: load it by load_bars")
        return panel

    @property
    def present(self) -> NDArray[np.bool_]:
        """Where there is a bar, [B, S]."""
        return ~np.isnan(self.columns["close"])

    def __len__(self) -> int:
        return len(self.time)

    def slice(self, first: int, last: int) -> "Panel":
        """Sections `first` up to, not including, `last`: views, the symbols unchanged."""
        columns = {name: values[first:last] for name, values in self.columns.items()}
        return Panel(self.symbols, self.time[first:last], self.stamp[first:last], columns)


def _scatter(values: pl.Series, cells: NDArray[np.int64], shape: tuple[int, int]) -> Floats:
    flat = np.full(shape[0] * shape[1], np.nan)
    flat[cells] = values.to_numpy()
    return flat.reshape(shape)
