"""Whether rows are precomputed signals: in order, whole, of one model, each computed from its own bar."""

import polars as pl

from alphabus.lookup import PRECOMPUTED
from alphabus.messages import Flag
from common.errors import SignalFileError

ARM = PRECOMPUTED
"""The arm these signals speak for; it has no capital."""

FRESH = (
    (pl.col("arm") == ARM)
    & (pl.col("status") == "fresh")
    & (pl.col("revision") == 0)
    & (pl.col("age") == 0)
    & (pl.col("computed_from") == pl.col("bar"))
)


def check_rows(rows: pl.DataFrame, model: tuple[str, int, str]) -> None:
    """Refuse what is not of this model (name, version, digest), or not as it is written; SignalFileError says what."""
    if rows.is_empty():
        raise SignalFileError("it has no signals")
    for name in rows.columns:
        if rows[name].null_count():
            raise SignalFileError(f"its column {name!r} has holes")
    named = rows.select(pl.struct("model", "version", "model_digest").unique()).unnest("model").rows()
    if named != [model]:
        raise SignalFileError(f"its rows are not all of {model[0]}/{model[1]}")
    if not rows.select(FRESH.all()).item():
        raise SignalFileError("it has rows that were not precomputed: an arm's, held, or revised")
    _check_order(rows)
    speaks, finite = pl.col("flag") == int(Flag.OK), pl.col("signal").is_finite()
    if not rows.select((speaks == finite).all()).item() or not rows.select((pl.col("flag") <= max(Flag)).all()).item():
        raise SignalFileError("it has rows whose flag and signal do not go together")


def _check_order(rows: pl.DataFrame) -> None:
    """Bars ascend with their times, symbols ascend within a bar, each once."""
    bar, time, symbol = (pl.col(name) for name in ("bar", "time", "symbol"))
    same, next_bar = bar == bar.shift(1), bar > bar.shift(1)
    within = same & (time == time.shift(1)) & (pl.col("stamp") == pl.col("stamp").shift(1)) & (symbol > symbol.shift(1))
    if not rows.select((within | (next_bar & (time > time.shift(1)))).fill_null(value=True).all()).item():
        raise SignalFileError("it is not in order of bar and symbol, each once")
