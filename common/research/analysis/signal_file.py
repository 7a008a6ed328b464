"""Files of signals: a replay's, or anybody's with datetime, symbol and a column of values."""

from pathlib import Path

import polars as pl

from common.errors import BarFileError
from common.nearest import did_you_mean

COMPUTED = ("fresh", "late")


def read_signal_file(path: Path, column: str = "signal") -> pl.DataFrame:
    """Read parquet or CSV; BarFileError naming the file and what is missing.

    Where the file says status and revision, the last revision of a section counts, and what was held or void does not:
    it repeats an opinion, or has none.
    """
    try:
        frame = _read_csv(path) if path.suffix == ".csv" else pl.read_parquet(path, glob=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BarFileError(f"{path}: cannot be read as parquet or CSV: {error}") from error
    for needed in ("datetime", "symbol", column):
        if needed not in frame.columns:
            raise BarFileError(f"{path}: no column {needed!r}{did_you_mean(needed, frame.columns)}")
    if {"status", "revision", "arm"} <= set(frame.columns):
        newest = pl.col("revision") == pl.col("revision").max().over("datetime", "arm")
        frame = frame.filter(newest, pl.col("status").is_in(COMPUTED))
    return frame


def _read_csv(path: Path) -> pl.DataFrame:
    """Stamps and symbols as they are written: bars are read so, and 000001 stays a symbol."""
    names = pl.read_csv(path, n_rows=0, infer_schema=False, glob=False).columns
    texts: dict[str, pl.DataType] = dict.fromkeys(
        (name for name in ("datetime", "symbol") if name in names), pl.String()
    )
    return pl.read_csv(path, schema_overrides=texts, glob=False)
