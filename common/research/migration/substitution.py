"""Which factors move predictions: vnpy's values, with one factor after the other replaced by ours (pure)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from common.factors.processors.feature_block import FeatureBlock
from common.models.processed import ProcessedModel
from common.research.migration.places import Places
from common.research.migration.predictions import Limit, Mover, mover_of
from common.research.raw import Raw

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

MOST_ROWS = 20_000
"""Rows that are scored for each factor; of more, sections evenly spread."""


@dataclass(frozen=True, slots=True, eq=False)
class Substitution:
    """vnpy's factors [F, b, S] of some sections, ours of the same, and the model behind its processors."""

    sections: NDArray[np.int64]
    theirs: FeatureBlock
    ours: Floats
    model: ProcessedModel

    @classmethod
    def of(cls, raw: Raw, places: Places, theirs: Callable[[str], Floats], model: ProcessedModel) -> "Substitution":
        """Of rows [N] that count here; theirs: values f8[N] of a factor by name."""
        sections = _spread(places.section)
        number = np.searchsorted(sections, places.section)
        kept = sections[np.minimum(number, len(sections) - 1)] == places.section
        some, row = places.among(kept), number[kept]
        rows: Mask = np.zeros((len(sections), len(raw.factors.symbols)), np.bool_)
        rows[row, some.symbol] = True
        values = np.full((len(raw.factors.names), *rows.shape), np.nan)
        for place, name in enumerate(raw.factors.names):
            values[place, row, some.symbol] = theirs(name)[kept]
        block = FeatureBlock(raw.factors.symbols, raw.stamp[sections], raw.factors.names, values, rows)
        return cls(sections, block, raw.factors.values[:, sections], model)

    def base(self) -> Floats:
        """Answers f8[N] to vnpy's factors, behind our processors."""
        return self._answers(self.theirs.values)

    def movers(self, names: Sequence[str], limit: Limit, std: float) -> Iterator[Mover]:
        """What each of these factors does alone."""
        base = self.base()
        for name in names:
            place = self.theirs.names.index(name)
            values = self.theirs.values.copy()
            values[place, self.theirs.rows] = self.ours[place, self.theirs.rows]
            yield mover_of(name, self._answers(values), base, limit, std)

    def _answers(self, values: Floats) -> Floats:
        found: Floats = self.model.answer(replace(self.theirs, values=values)).values[self.theirs.rows]
        return found


def _spread(section: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sections, all or evenly spread so that they hold about MOST_ROWS rows, ascending."""
    found = np.unique(section)
    wanted = max(1, min(len(found), int(MOST_ROWS * len(found) / max(1, len(section)))))
    chosen: NDArray[np.int64] = found[np.unique(np.linspace(0, len(found) - 1, wanted).astype(np.int64))]
    return chosen
