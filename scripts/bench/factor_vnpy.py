"""vnpy's own Alpha158 by its own `prepare_data`, on the frame it wants. Needs vnpy 4.5.0."""

import importlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from scripts.bench.factor_market import LAST, Floats, symbols_of

FIRST_DAY = datetime(2015, 1, 1)  # noqa: DTZ001  vnpy's frames have no zone
PERIOD = ("2000-01-01", "2100-01-01")


def long_frame(columns: Mapping[str, Floats]) -> pl.DataFrame:
    """Bars symbol by symbol, as vnpy's lab loads them."""
    sections, symbols = columns["close"].shape
    days = [FIRST_DAY + timedelta(days=number) for number in range(sections)]
    frame = pl.DataFrame({name: column.T.reshape(-1) for name, column in columns.items()})
    return frame.with_columns(
        open_interest=pl.lit(0.0),
        vwap=pl.col("turnover") / pl.col("volume"),
        datetime=pl.Series(days * symbols, dtype=pl.Datetime("us")),
        vt_symbol=pl.Series([f"{name}.LOCAL" for name in symbols_of(symbols) for _ in range(sections)]),
    )


class Prepared:
    """Two workers, each in a process, as vnpy does it."""

    def __init__(self, columns: Mapping[str, Floats], request: Mapping[str, Any]) -> None:
        make = importlib.import_module("vnpy.alpha.dataset.datasets.alpha_158").Alpha158
        self._threads = request["threads"]
        self._symbols = columns["close"].shape[1]
        self._dataset = make(long_frame(columns), PERIOD, PERIOD, PERIOD)
        self.facts = {"names": list(self._dataset.feature_expressions)}

    def run(self, section: int) -> None:
        """Compute everything."""
        del section
        self._dataset.prepare_data(None, max_workers=self._threads)

    def values(self) -> Floats:
        """Return the last sections; its frame goes by day and symbol."""
        names = self.facts["names"]
        table = self._dataset.raw_df.tail(LAST * self._symbols).select(names).to_numpy()
        return np.ascontiguousarray(table.T.reshape(len(names), LAST, self._symbols))
