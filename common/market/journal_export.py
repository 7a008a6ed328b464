"""The bars of a journal as a table again: one row for each bar of a symbol, in a form that can be loaded as bars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

from alphabus.columns import BAR_COLUMNS
from alphabus.messages import Bars, Universe
from common.atomic import replacing
from common.errors import JournalError, NoRoomError
from common.market.journal_records import Record
from common.market.journal_survey import Progress, records_of, silent
from common.message_log import read_message
from common.room import is_full, refused_by_system

BATCH_SECTIONS = 64
NEWEST = 2**64 - 1
"""The bar of an export that has no end."""
NUMBERS = tuple(name for name in BAR_COLUMNS if name != "member")
ABSENT = {"price_factor": 1.0, "share_factor": 1.0}  # what a feed without adjustments means; null for the rest
SCHEMA: dict[str, pl.DataType] = {
    "datetime": pl.Datetime("us"), "symbol": pl.String(), **dict.fromkeys(NUMBERS, pl.Float64()),
    "member": pl.Boolean(), "bar": pl.UInt64(), "mode": pl.String(),
}  # fmt: skip


@dataclass(slots=True)
class Exported:
    """What was written."""

    rows: int = 0
    sections: int = 0
    first_bar: int | None = None
    last_bar: int | None = None


def export_bars(folder: Path, out: Path, first: int, last: int, progress: Progress = silent) -> Exported:
    """Write the bars of sections `first` to `last` as parquet, or as CSV by the name's end; whole or not at all.

    `datetime` is the source's own stamp. JournalError where nothing is there, or something is corrupt; NoRoomError on a
    full disk, OSError for anything else the system refuses.
    """
    exported = Exported()
    problems: list[JournalError] = []

    def batches(*_: object) -> Iterator[pl.DataFrame]:
        try:
            yield from _batches(_sections(records_of(folder, progress, last), first, last), exported)
        except JournalError as error:  # would come back as an error of the table library
            problems.append(error)
        except OSError as error:
            problems.append(JournalError(f"the journal in {folder} cannot be read: {error}"))

    with _telling(out), replacing(out) as temporary:
        frames = register_io_source(batches, schema=SCHEMA)
        (frames.sink_csv if out.suffix == ".csv" else frames.sink_parquet)(temporary)
        if problems:
            raise problems[0]
        if not exported.rows:
            raise JournalError(f"the journal in {folder} has no bars{_span(first, last)}: look with `show`")
    return exported


def _span(first: int, last: int) -> str:
    start = f" from {first}" if first else ""
    return f"{start} to {last}" if last < NEWEST else f"{start} on" if first else ""


@contextmanager
def _telling(out: Path) -> Iterator[None]:
    """Within it what the system refuses is an OSError with its number, or NoRoomError."""
    try:
        yield
    except (OSError, pl.exceptions.ComputeError) as error:
        fault = _fault(error, out)
        if is_full(fault):
            raise NoRoomError(f"{fault}: make space, then export again; nothing was written there") from error
        raise fault from error


def _fault(error: Exception, out: Path) -> Exception:
    """The same as the system says it, of this file."""
    refused = refused_by_system(error)
    if refused is None or refused is error:
        return error
    refused.filename = str(out)
    return refused


def _sections(records: Iterable[Record], first: int, last: int) -> Iterator[tuple[tuple[str, ...], Bars]]:
    symbols: dict[bytes, tuple[str, ...]] = {}
    for record in records:
        message = read_message(record)
        if isinstance(message, Universe):
            symbols[message.universe] = message.symbols
        elif isinstance(message, Bars) and first <= message.bar <= last:
            if message.universe not in symbols:
                raise JournalError(f"the symbols of bar {message.bar} are not on record: export from a later one")
            yield symbols[message.universe], message


def _batches(sections: Iterable[tuple[tuple[str, ...], Bars]], exported: Exported) -> Iterator[pl.DataFrame]:
    waiting: list[pl.DataFrame] = []
    for symbols, bars in sections:
        waiting.append(_frame(symbols, bars))
        exported.rows += waiting[-1].height
        exported.sections += 1
        exported.first_bar = bars.bar if exported.first_bar is None else exported.first_bar
        exported.last_bar = bars.bar
        if len(waiting) >= BATCH_SECTIONS:
            yield pl.concat(waiting)
            waiting.clear()
    if waiting:
        yield pl.concat(waiting)


def _frame(symbols: tuple[str, ...], bars: Bars) -> pl.DataFrame:
    present = ~np.isnan(bars.columns["close"])
    count = int(present.sum())
    numbers = {
        name: bars.columns[name][present]
        if name in bars.columns
        else pl.Series([ABSENT.get(name)] * count, dtype=pl.Float64)
        for name in NUMBERS
    }
    frame = pl.DataFrame({
        "datetime": np.full(count, bars.stamp), "symbol": np.array(symbols)[present], **numbers,
        "member": bars.columns["member"][present].astype(np.bool_), "bar": np.full(count, bars.bar, np.uint64),
        "mode": [str(bars.mode)] * count,
    })  # fmt: skip
    return frame.with_columns(pl.col("datetime").cast(pl.Datetime("ns")).cast(pl.Datetime("us"))).cast(
        pl.Schema(SCHEMA)
    )
