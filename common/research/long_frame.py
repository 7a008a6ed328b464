"""Values over sections and symbols as a long frame: a row a bar, datetime and symbol as the bars' file has them."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.market.stamp_form import StampForm


def long_frame(
    moments: tuple[NDArray[np.int64], NDArray[np.int64]],
    symbols: Sequence[str],
    rows: NDArray[np.bool_],
    columns: Mapping[str, NDArray[np.float64]],
    form: StampForm,
) -> pl.DataFrame:
    """The chosen rows[b,s] of columns [b,s], by time and symbol; moments: close times and stamps i8[b] (ns)."""
    section, symbol = np.nonzero(rows)
    named = zip(("time", "stamp"), moments, strict=True)
    stamps = pl.DataFrame({name: values[section] for name, values in named}).select(form.written())
    return pl.DataFrame(
        {
            "datetime": stamps["stamp"],
            "symbol": pl.Series(symbols, dtype=pl.String).gather(symbol),
            **{name: values[rows] for name, values in columns.items()},
        }
    )
