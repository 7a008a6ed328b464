"""What came out: the cache's record as a table, and the digest over it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from alphabus.messages import Signals, Streamed, Universe
from common.atomic import replacing
from common.market.journal import Journal, Sync
from common.market.stamp_form import StampForm
from common.message_log import MessageLog

NANOSECONDS = pl.Datetime("ns")
SCHEMA = {
    "stamp": pl.Int64, "time": pl.Int64, "bar": pl.Int64, "symbol": pl.String, "signal": pl.Float64, "flag": pl.UInt8,
    "arm": pl.String, "capital": pl.Float64, "model": pl.String, "version": pl.Int64, "model_digest": pl.String,
    "status": pl.String, "reason": pl.String, "revision": pl.Int64, "computed_from": pl.Int64, "age": pl.Int64,
}  # fmt: skip


def read_signals(state: Path, arms: list[str]) -> pl.DataFrame:
    """Every section on record, one row a symbol, by stamp, arm, revision and symbol."""
    frames = [_frame(symbols, message) for arm in arms for symbols, message in _sections(state / "signals" / arm)]
    if not frames:
        return pl.DataFrame(schema=SCHEMA)
    return pl.concat(frames).sort("stamp", "arm", "revision", "symbol")


def section_rows(state: Path, arms: list[str]) -> list[dict[str, Any]]:
    """One row a section: what is said of it as a whole, with its latencies."""
    return [
        {"arm": arm, "bar": message.bar, "time": message.time, "stamp": message.stamp, "revision": message.revision,
         "status": message.status.value, "reason": message.reason.value, "age": message.age,
         "latency": dict(message.latency)}
        for arm in arms for _, message in _sections(state / "signals" / arm)
    ]  # fmt: skip


def last_revisions(signals: pl.DataFrame) -> pl.DataFrame:
    """The canonical signals: the last revision of every bar and arm."""
    return signals.filter(pl.col("revision") == pl.col("revision").max().over("bar", "arm"))


def digest_signals(signals: pl.DataFrame) -> str:
    """SHA-256 over the canonical signals, sorted by stamp, arm and symbol; floats by their bits."""
    # Two bars share a stamp where clocks go back: without `bar` their order would be left to chance.
    rows = last_revisions(signals).sort("stamp", "arm", "symbol", "bar")
    digest = hashlib.sha256()
    for name in SCHEMA:
        if name == "version":  # the registry's count, not the model: the same bundle may have another elsewhere
            continue
        column = rows[name]
        digest.update(f"\n{name}\n".encode())
        if column.dtype == pl.String:
            digest.update("\n".join(column.to_list()).encode())
        elif column.dtype == pl.Float64:
            values = column.to_numpy()
            digest.update(np.where(np.isnan(values), np.nan, values).astype("<f8").tobytes())
        else:
            digest.update(column.fill_null(-1).cast(pl.Int64).to_numpy().astype("<i8").tobytes())
    return digest.hexdigest()


def write_signals(path: Path, signals: pl.DataFrame, form: StampForm) -> None:
    """As parquet: `datetime` is the input's own stamp in the input's own type, so that it joins; `time` is in UTC."""
    table = signals.with_columns(form.written(), pl.col("time").cast(NANOSECONDS).dt.replace_time_zone("UTC")).rename(
        {"stamp": "datetime"}
    )
    with replacing(path) as temporary:
        table.write_parquet(temporary, compression="zstd")


def _sections(folder: Path) -> Iterator[tuple[tuple[str, ...], Signals]]:
    if not folder.is_dir():
        return
    with Journal.open(folder, sync=Sync.NEVER) as journal:
        symbols: tuple[str, ...] = ()
        for message in MessageLog(journal).read():
            symbols = _symbols(message, symbols)
            if isinstance(message, Signals):
                yield symbols, message


def _symbols(message: Streamed, before: tuple[str, ...]) -> tuple[str, ...]:
    return message.symbols if isinstance(message, Universe) else before


def _frame(symbols: tuple[str, ...], message: Signals) -> pl.DataFrame:
    origin = message.computed_from
    whole = {
        "stamp": message.stamp, "time": message.time, "bar": message.bar, "arm": message.arm,
        "capital": message.capital, "model": message.model.name, "version": message.model.version,
        "model_digest": message.model.digest, "status": message.status.value, "reason": message.reason.value,
        "revision": message.revision, "computed_from": None if origin is None else origin.bar, "age": message.age,
    }  # fmt: skip
    columns = {
        "symbol": pl.Series(symbols, dtype=pl.String),
        "signal": pl.Series(message.columns["signal"].astype(np.float64)),
        "flag": pl.Series(message.columns["flag"].astype(np.uint8)),
    }
    rows = pl.DataFrame(columns).with_columns(
        [pl.lit(value, dtype=SCHEMA[name]).alias(name) for name, value in whole.items()]
    )
    return rows.select(list(SCHEMA))
