"""A digest of bars: equal for equal content, however the file was written, ordered or compressed."""

import hashlib

import numpy as np
import polars as pl

from common.market.columns import NUMBERS


def digest_bars(frame: pl.DataFrame) -> str:
    """SHA-256 (hex) over the canonical bytes of good rows, or of any slice of them by time."""
    ordered = frame.sort("time", "symbol")
    sink = hashlib.sha256(b"alphabus bars 1\n")
    for name in ("time", "stamp", "symbol", *(name for name in NUMBERS if name in frame.columns)):
        content = _content(ordered[name])
        sink.update(f"{name} {len(content)}\n".encode())
        sink.update(content)
    return sink.hexdigest()


def _content(column: pl.Series) -> bytes:
    if column.dtype == pl.String:
        return "\n".join(column).encode()
    if column.dtype == pl.Int64:
        return column.to_numpy().astype("<i8").tobytes()
    # NaN has many bit patterns and zero two; each gets one.
    values = column.to_numpy() + 0.0
    return np.where(np.isnan(values), np.nan, values).astype("<f8").tobytes()
