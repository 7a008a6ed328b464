"""The digest of bars: the content counts, nothing else."""

import numpy as np
import polars as pl
import pytest

from common.market.digest import digest_bars

BARS = pl.DataFrame(
    {
        "time": [1, 1, 2],
        "stamp": [0, 0, 1],
        "symbol": ["A", "B", "A"],
        **{name: [1.0, 2.0, 3.0] for name in ("open", "high", "low", "close", "volume")},
    }
)


def test_order_of_rows_and_columns_does_not_count() -> None:
    """Equal content in another order has the same digest."""
    assert digest_bars(BARS) == digest_bars(BARS[[2, 0, 1]].select(reversed(BARS.columns)))


def test_forms_of_nan_and_zero_do_not_count() -> None:
    """A NaN is a NaN and a zero a zero, whatever their bits."""
    quiet = BARS.with_columns(turnover=pl.Series([np.nan, 0.0, 1.0]))
    other = BARS.with_columns(turnover=pl.Series(np.array([-np.nan, -0.0, 1.0])))
    assert digest_bars(quiet) == digest_bars(other)


@pytest.mark.parametrize("column", BARS.columns)
def test_every_column_counts(column: str) -> None:
    """Another value anywhere is another digest."""
    value = "Z" if column == "symbol" else 7
    changed = BARS.with_columns(pl.Series(column, [value, *BARS[column][1:]], dtype=BARS.schema[column]))
    assert digest_bars(changed) != digest_bars(BARS)


def test_a_slice_has_its_own_digest() -> None:
    """The digest of a slice depends on the slice alone, and its known value never changes."""
    assert digest_bars(BARS.filter(pl.col("time") < 2)) == digest_bars(BARS[:2])
    assert digest_bars(BARS) == "530b27cbf723c6501a99cf536b5652616f139b5db3c2f2d250eb91d17368dce2"
