"""Files of signals: a replay's, or anybody's with datetime, symbol and a column of values."""

from pathlib import Path

import polars as pl

from common.errors import BarFileError
from common.nearest import did_you_mean

COMPUTED = ("fresh", "late")


def read_signal_file(path: Path, column: str = "signal", *, arm: str | None = None) -> pl.DataFrame:
    """Read parquet or CSV; BarFileError naming the file and what is missing, as which of several arms is meant.

    Where the file says status and revision, the last revision of a section counts, and what was held or void does not:
    it repeats an opinion, or has none.
    """
    try:
        with path.open("rb"):  # a folder would be read as all that is in it
            pass
        frame = _read_csv(path) if path.suffix == ".csv" else pl.read_parquet(path, glob=False)
    except OSError as error:
        raise BarFileError(f"{path} cannot be opened: {error.strerror or error}; give a parquet or CSV file") from error
    except pl.exceptions.PolarsError as error:
        raise BarFileError(f"{path}: cannot be read as parquet or CSV: {error}") from error
    for needed in ("datetime", "symbol", column):
        if needed not in frame.columns:
            raise BarFileError(f"{path}: no column {needed!r}{did_you_mean(needed, frame.columns)}")
    frame = _of_arm(path, frame, arm)
    if {"status", "revision", "arm"} <= set(frame.columns):
        newest = pl.col("revision") == pl.col("revision").max().over("datetime", "arm")
        frame = frame.filter(newest, pl.col("status").is_in(COMPUTED))
    return frame


def _of_arm(path: Path, frame: pl.DataFrame, arm: str | None) -> pl.DataFrame:
    """The rows of one arm, which need not be named where there is no other."""
    arms = frame["arm"].cast(pl.String).unique().drop_nulls().sort().to_list() if "arm" in frame.columns else []
    if arm is None and len(arms) > 1:
        raise BarFileError(f"{path}: holds signals of {len(arms)} arms, {', '.join(arms)}: say which by --arm")
    if arm is not None and arm not in arms:
        raise BarFileError(f"{path}: no signals of an arm {arm!r}{did_you_mean(arm, arms)}")
    return frame if arm is None else frame.filter(pl.col("arm").cast(pl.String) == arm)


def _read_csv(path: Path) -> pl.DataFrame:
    """Stamps and symbols as they are written: bars are read so, and 000001 stays a symbol."""
    names = pl.read_csv(path, n_rows=0, infer_schema=False, glob=False).columns
    texts: dict[str, pl.DataType] = dict.fromkeys(
        (name for name in ("datetime", "symbol") if name in names), pl.String()
    )
    return pl.read_csv(path, schema_overrides=texts, glob=False)
