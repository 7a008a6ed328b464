"""Values over sections and symbols as a long frame: a row a bar, datetime and symbol as the bars' file has them."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.market.stamps import as_stamped


def long_frame(
    stamp: NDArray[np.int64],
    symbols: Sequence[str],
    rows: NDArray[np.bool_],
    columns: Mapping[str, NDArray[np.float64]],
    kind: pl.DataType,
) -> pl.DataFrame:
    """The chosen rows[b,s] of columns [b,s], by time and symbol; `kind` is what the file's stamps are."""
    section, symbol = np.nonzero(rows)
    stamps = pl.DataFrame({"stamp": stamp[section]}, schema={"stamp": pl.Int64})
    return pl.DataFrame(
        {
            "datetime": stamps.select(as_stamped(pl.col("stamp"), kind))["stamp"],
            "symbol": pl.Series(symbols, dtype=pl.String).gather(symbol),
            **{name: values[rows] for name, values in columns.items()},
        }
    )
