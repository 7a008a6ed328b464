"""A digest of rows that come in pieces: the same however they are cut."""

import hashlib
from collections.abc import Iterable

import numpy as np
import polars as pl


class RunningDigest:
    """SHA-256 over some columns of rows in the order they come; every NaN is one, but 0 is not -0."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._sinks = {name: hashlib.sha256() for name in columns}
        self._rows = 0

    def update(self, frame: pl.DataFrame) -> None:
        """Take more rows; a column the frame lacks counts as empty in these rows."""
        self._rows += frame.height
        for name, sink in self._sinks.items():
            if name in frame.columns:
                sink.update(_content(frame[name]))

    def hexdigest(self) -> str:
        """Of all rows until now."""
        whole = hashlib.sha256(f"{self._rows} rows\n".encode())
        for name, sink in self._sinks.items():
            whole.update(f"{name} ".encode() + sink.digest())
        return whole.hexdigest()


def _content(column: pl.Series) -> bytes:
    """A row a line or 8 bytes; a row without a value has bytes that are nobody else's."""
    if column.dtype == pl.String:
        text: str = (column.fill_null("\0") + "\n").str.join("").item()
        return text.encode()
    if column.dtype.is_integer():
        return column.cast(pl.Int64).fill_null(-(2**63)).to_numpy().astype("<i8").tobytes()
    values = column.fill_null(np.nan).to_numpy()
    return np.where(np.isnan(values), np.nan, values).astype("<f8").tobytes()
