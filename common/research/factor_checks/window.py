"""The bars factors are tried on: the last sections of a file, and some of their symbols."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.amounts import amount
from common.errors import FactorError
from common.factors.block import DAY_NS, Block, sessions_of
from common.market.constituents import Constituents
from common.market.panel import Panel
from common.market.parts import BarParts
from common.research.factor_checks.subject import Subject

MOST_SYMBOLS = 60
LEAST_SECTIONS = 120
WARM_LENGTHS = 3
SESSIONS = 4
"""Sessions at least, for a set that starts anew with each."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is tried: symbols and sections at most (by default as many as the set asks for), trials, the seed."""

    symbols: int = MOST_SYMBOLS
    sections: int | None = None
    samples: int = 5
    seed: int = 1

    def sections_for(self, subject: Subject) -> int:
        """As asked for, else three times the warm length."""
        return self.sections or max(LEAST_SECTIONS, WARM_LENGTHS * subject.warm_bars)

    def sessions_for(self, subject: Subject) -> int:
        """How many whole ones there must be, where it matters; as many as fit if sections were asked for."""
        return SESSIONS if subject.by_session and self.sections is None else 0


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A block and the stamps of its sections, ns."""

    block: Block
    stamp: NDArray[np.int64]


def choose_window(
    bars: BarParts,
    subject: Subject,
    extent: Extent,
    random: np.random.Generator,
    constituents: Constituents | None = None,
) -> Window:
    """The newest sections and symbols drawn from those with bars in them; FactorError for too few sections."""
    panel = Panel.from_frame(_newest(bars, extent.sections_for(subject), extent.sessions_for(subject)))
    if len(panel) <= subject.warm_bars:
        raise FactorError(_too_few(len(panel), subject, extent))
    member = panel.present if constituents is None else constituents.among(panel.symbols).members(panel.stamp)
    size = min(extent.symbols, len(panel.symbols))
    chosen = np.sort(random.choice(len(panel.symbols), size, replace=False))
    columns = {name: np.ascontiguousarray(column[:, chosen]) for name, column in panel.columns.items()}
    symbols = tuple(panel.symbols[place] for place in chosen)
    return Window(
        Block(symbols, columns, np.ascontiguousarray(member[:, chosen]), sessions_of(panel.stamp)), panel.stamp
    )


def _too_few(sections: int, subject: Subject, extent: Extent) -> str:
    """Say how many sections the set needs, and whether they lack in the bars or in what was asked for."""
    told = f"{sections:,} sections are too few to check factors that are warm after {amount(subject.warm_bars, 'bar')}"
    least, usual = subject.warm_bars + 1, replace(extent, sections=None).sections_for(subject)
    if extent.sections is not None and extent.sections < least:
        return f"{told}: give --sections {least:,} at least, or leave it out, and the newest {usual:,} are tried"
    return f"{told}: the bars have no more; give bars with {amount(least, 'section')} at least, better {usual:,}"


def _newest(bars: BarParts, sections: int, sessions: int) -> pl.DataFrame:
    """Good rows of the last sections and at least so many sessions; no more parts are read than hold them."""
    found: list[pl.DataFrame] = []
    for part in reversed(bars.parts):
        found.insert(0, part.frame)
        if sum(frame["time"].n_unique() for frame in found) >= sections and len(_sessions(found)) > sessions:
            break
    rows = pl.concat(found)
    times, days = rows["time"].unique().sort(), _sessions(found)
    whole = pl.col("stamp") >= int(days[-min(sessions, len(days))]) * DAY_NS if sessions else pl.lit(value=False)
    return rows.filter((pl.col("time") >= times[-min(sections, len(times))]) | whole)


def _sessions(frames: Sequence[pl.DataFrame]) -> NDArray[np.int64]:
    """Those of all rows, ascending."""
    return np.unique(np.concatenate([sessions_of(frame["stamp"].unique().to_numpy()) for frame in frames]))
