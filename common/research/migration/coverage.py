"""How many of vnpy's predictions were compared, and what became of the rest (pure)."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from common.research.migration.export import KEYS
from common.research.migration.places import Places
from common.research.raw import Raw


@dataclass(frozen=True, slots=True)
class Coverage:
    """Rows vnpy answered with a number: compared, of no bar here, of no member, or without a full look-back."""

    asked: int
    compared: int
    no_bar: int
    no_member: int
    cold: int

    @classmethod
    def of(cls, predictions: pl.DataFrame, places: Places, raw: Raw) -> Self:
        """Of exported predictions and where they stand; a row that two segments hold is one."""
        frame = predictions.select(*KEYS, "prediction").with_row_index("row")
        first = frame.filter(pl.col("prediction").is_finite()).unique(KEYS, keep="first")["row"].to_numpy()
        here = places.among(np.isin(places.row, first))
        member = raw.factors.member[here.section, here.symbol] != 0
        counted = raw.counted[here.section, here.symbol]
        compared, members = int(counted.sum()), int(member.sum())
        return cls(len(first), compared, len(first) - len(here), len(here) - members, members - compared)

    @property
    def share(self) -> float:
        """Of the predictions that were compared; 0 where there is none."""
        return self.compared / self.asked if self.asked else 0.0
