"""What a run left on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from common.config import Config
from common.replay.results import last_revisions, read_signals, section_rows

Values = Mapping[tuple[int, str], bytes]
"""By bar and symbol."""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """The cache's sections, and one row a section of what is said of it as a whole."""

    signals: pl.DataFrame
    rows: Sequence[Mapping[str, Any]]

    def values(self) -> Values:
        """The bits of every computed value, by bar and symbol: the last revision of fresh and late sections."""
        final = last_revisions(self.signals).filter(pl.col("status").is_in(["fresh", "late"]))
        columns = (final[name].to_list() for name in ("bar", "symbol", "flag"))
        bits = final["signal"].to_numpy().astype("<f8").tobytes()
        return {
            (bar, symbol): bits[8 * row : 8 * row + 8] + bytes([flag])
            for row, (bar, symbol, flag) in enumerate(zip(*columns, strict=True))
        }

    def is_whole(self, first: int, last: int) -> bool:
        """Whether all sections of these bars are there, and fresh."""
        return {row["bar"] for row in self.rows if row["status"] == "fresh"} == set(range(first, last + 1))


def record_of(config: Config) -> Record:
    """Read what a run left."""
    arms = list(config.arms)
    return Record(read_signals(config.state, arms), section_rows(config.state, arms))
