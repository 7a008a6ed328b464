"""The training part of a file of bars, as the factor engine wants it: the same sections the live feed would make."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.errors import ModelError
from common.factors.block import Block, sessions_of
from common.market.dates import read_moment
from common.market.panel import Panel


def history_end(times: NDArray[np.int64], split_ns: int | None = None) -> int:
    """Close time (ns) of the first section that is not history: `split_ns` or later, by default after two thirds."""
    history = int(np.searchsorted(times, split_ns)) if split_ns is not None else 2 * len(times) // 3
    if not 0 < history <= len(times):
        raise ModelError(f"the split leaves {history} of {len(times)} sections as history; choose a later date")
    return int(times[history]) if history < len(times) else int(times[-1]) + 1


def history_of(frame: pl.DataFrame, end_ns: int) -> pl.DataFrame:
    """Bars whose close time lies before `end_ns`."""
    return frame.filter(pl.col("time") < end_ns)


def block_of(panel: Panel, member: NDArray[np.bool_]) -> Block:
    """All sections of a panel as one block."""
    return Block(panel.symbols, panel.columns, member, sessions_of(panel.stamp))


def split_time(frame: pl.DataFrame, text: str) -> int:
    """Close time (ns) of the first section stamped at or after a date or time as the file itself writes it."""
    try:
        moment = read_moment(text)
    except ValueError as error:
        raise ModelError(str(error)) from error
    if moment.tzinfo is not None:
        raise ModelError(f"{text!r} has a zone; write it as the file writes its stamps, without one")
    stamp_ns = int(np.datetime64(moment, "ns").astype(np.int64))
    later = frame.filter(pl.col("stamp") >= stamp_ns)["time"].min()
    if not isinstance(later, int):
        raise ModelError(f"{text!r} lies after the last bar; choose an earlier date")
    return later
