"""Factors of bars of any length, block by block: the memory needed depends on symbols and factors, not on bars."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.factors.block import Block, FactorBlock, sessions_of
from common.factors.engine import Engine
from common.factors.plan import Plan
from common.market.constituents import Constituents
from common.market.panel import Panel

BLOCK_NUMBERS = 8_000_000
"""Factor values in memory at a time, 8 bytes each; a section is never cut."""

PANEL_CELLS = 4_000_000
"""Cells of a dense panel: symbols that come and go must not make it much larger than the rows it is made of."""


THREADS = 2
"""How many work on a block; no bit depends on it."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Consecutive sections: close times and stamps i8[B] (ns), factors whose values hold until the next is asked."""

    time: NDArray[np.int64]
    stamp: NDArray[np.int64]
    factors: FactorBlock


def compute_blocks(
    plan: Plan,
    frames: Iterable[pl.DataFrame],
    constituents: Constituents | None = None,
    *,
    block_numbers: int = BLOCK_NUMBERS,
    panel_cells: int = PANEL_CELLS,
) -> Iterator[Stretch]:
    """Run one engine over good rows, frame by frame in order of time, each of whole sections.

    Members are the constituents as of each stamp; without any, whoever has a bar, which is what the bar feed says of
    symbols with a bar.
    """
    engine, room = Engine(plan, threads=THREADS), np.empty(0)
    for panel in dense_panels(frames, panel_cells):
        sections, symbols = len(panel), len(panel.symbols)
        member = panel.present if constituents is None else constituents.among(panel.symbols).members(panel.stamp)
        size = max(1, block_numbers // max(1, len(plan.names) * symbols))
        for first in range(0, sections, size):
            part = panel.slice(first, min(first + size, sections))
            numbers = len(plan.names) * len(part) * symbols
            # Fresh memory for each block would cost as much time as many a factor.
            room = room if room.size >= numbers else np.empty(numbers)
            out = room[:numbers].reshape(len(plan.names), len(part), symbols)
            block = Block(panel.symbols, part.columns, member[first : first + size], sessions_of(part.stamp))
            found = engine.update(block, out)
            yield Stretch(part.time, part.stamp, found)


def dense_panels(frames: Iterable[pl.DataFrame], cells: int = PANEL_CELLS) -> Iterator[Panel]:
    """Panels of whole sections, in the order of the frames, of about so many cells each."""
    for frame in frames:
        starts = np.flatnonzero(np.diff(frame["time"].to_numpy(), prepend=np.int64(-(2**62))))
        size = max(1, cells // max(1, frame["symbol"].n_unique()))
        edges = [*starts[::size].tolist(), frame.height]
        for first, last in pairwise(edges):
            yield Panel.from_frame(frame.slice(first, last - first))
