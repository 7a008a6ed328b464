"""What a run left on record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from common.config import Config
from common.replay.results import last_revisions, read_signals, section_rows

Place = tuple[int, str]
"""A bar and a symbol."""

Values = Mapping[Place, bytes]


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """The cache's sections, and one row a section of what is said of it as a whole."""

    signals: pl.DataFrame
    rows: Sequence[Mapping[str, Any]]

    def values(self) -> Values:
        """The bits of every computed value, by bar and symbol: the last revision of fresh and late sections."""
        final = last_revisions(self.signals).filter(pl.col("status").is_in(["fresh", "late"]))
        places = zip(final["bar"].to_list(), final["symbol"].to_list(), strict=True)
        return dict(zip(places, bits_of(final["signal"].to_numpy(), final["flag"].to_numpy()), strict=True))

    def is_whole(self, first: int, last: int) -> bool:
        """Whether all sections of these bars are there, and fresh."""
        return {row["bar"] for row in self.rows if row["status"] == "fresh"} == set(range(first, last + 1))


def bits_of(values: np.ndarray[Any, Any], flags: np.ndarray[Any, Any]) -> Iterator[bytes]:
    """Of each symbol of one section, or row of many: its value f8 and its flag u1."""
    wide = values.astype("<f8").tobytes()
    return (wide[8 * row : 8 * row + 8] + bytes([flag]) for row, flag in enumerate(flags.tolist()))


def record_of(config: Config) -> Record:
    """Read what a run left."""
    arms = list(config.arms)
    return Record(read_signals(config.state, arms), section_rows(config.state, arms))
