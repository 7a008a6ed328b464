"""The bars factors are tried on: the last sections of a file, and some of their symbols."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.errors import FactorError
from common.factors.block import Block, sessions_of
from common.market.constituents import Constituents
from common.market.panel import Panel
from common.market.parts import BarParts

MOST_SYMBOLS = 60
LEAST_SECTIONS = 120
WARM_LENGTHS = 3


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is tried: symbols and sections at most (by default as many as warming up asks for), trials, the seed."""

    symbols: int = MOST_SYMBOLS
    sections: int | None = None
    samples: int = 5
    seed: int = 1

    def sections_for(self, warm_bars: int) -> int:
        """As asked for, else three times the warm length."""
        return self.sections or max(LEAST_SECTIONS, WARM_LENGTHS * warm_bars)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A block and the stamps of its sections, ns."""

    block: Block
    stamp: NDArray[np.int64]


def choose_window(
    bars: BarParts,
    warm_bars: int,
    extent: Extent,
    random: np.random.Generator,
    constituents: Constituents | None = None,
) -> Window:
    """The newest sections and symbols drawn from those with bars in them; FactorError for too few sections."""
    panel = Panel.from_frame(_newest(bars, extent.sections_for(warm_bars)))
    if len(panel) <= warm_bars:
        raise FactorError(
            f"{len(panel)} sections are too few to check factors that are warm after {warm_bars} bars; give more bars"
        )
    member = panel.present if constituents is None else constituents.among(panel.symbols).members(panel.stamp)
    size = min(extent.symbols, len(panel.symbols))
    chosen = np.sort(random.choice(len(panel.symbols), size, replace=False))
    columns = {name: np.ascontiguousarray(column[:, chosen]) for name, column in panel.columns.items()}
    symbols = tuple(panel.symbols[place] for place in chosen)
    return Window(
        Block(symbols, columns, np.ascontiguousarray(member[:, chosen]), sessions_of(panel.stamp)), panel.stamp
    )


def _newest(bars: BarParts, sections: int) -> pl.DataFrame:
    """Good rows of the last sections; no more parts are read than hold them."""
    found: list[pl.DataFrame] = []
    for part in reversed(bars.parts):
        found.insert(0, part.frame)
        if sum(frame["time"].n_unique() for frame in found) >= sections:
            break
    rows = pl.concat(found)
    times = rows["time"].unique().sort()
    return rows.filter(pl.col("time") >= times[-min(sections, len(times))])
