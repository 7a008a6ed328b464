"""How well the signals ordered what came after: the label's rank correlation, section by section."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.factors.labels import label_values
from common.factors.sets import FactorSet
from common.market.panel import Panel
from common.replay.results import last_revisions
from common.research.history import block_of
from common.research.information import Summary, rank_ic, summarise


def signal_skill(signals: pl.DataFrame, bars: pl.DataFrame, factor_set: FactorSet) -> Summary:
    """Rank IC over the sections of `signals` (as of `read_signals`), against the set's label on good bars."""
    panel = Panel.from_frame(bars)
    labels = label_values(factor_set.label, block_of(panel, panel.present), factor_set.operators)
    matrix = _matrix(last_revisions(signals).filter(pl.col("flag") == 0, pl.col("status") != "held"), panel)
    replayed = np.isfinite(matrix).any(axis=1)
    return summarise(rank_ic(matrix[replayed], labels[replayed]))


def _matrix(signals: pl.DataFrame, panel: Panel) -> NDArray[np.float64]:
    matrix = np.full((len(panel), len(panel.symbols)), np.nan)
    places = {symbol: place for place, symbol in enumerate(panel.symbols)}
    rows = np.searchsorted(panel.time, signals["time"].to_numpy())
    matrix[rows, [places[symbol] for symbol in signals["symbol"]]] = signals["signal"].to_numpy()
    return matrix
