"""One part of a dataset: features as a model reads them, who counts, what is learnt from, and towards what."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from common.factors.processors.chain import Chain
from common.models.predictor import Samples
from common.research.raw import Floats, Mask, Raw
from common.research.rows import Sections


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Columns [F, b, S] of some sections after the infer processors, and the rows these left."""

    names: tuple[str, ...]
    values: Floats
    rows: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Sections [first, last) of the raw values; `learnt` [b, S]: rows with a target; `label` is as it happened."""

    sections: Sections
    features: Features
    learnt: Mask
    label: Floats
    target: Floats

    def samples(self) -> Samples:
        """The rows that are learnt from, in order of section and symbol."""
        return Samples(self.matrix(self.learnt), self.target[self.learnt])

    def matrix(self, rows: Mask) -> Floats:
        """Features f8[F, N] of chosen rows, in order of section and symbol."""
        values = self.features.values
        matrix: Floats = np.empty((len(values), np.count_nonzero(rows)))
        for column, row in zip(values, matrix, strict=True):  # all at once would lay it out by rows, and copy it again
            row[:] = column[rows]
        return matrix

    def answers(self, predict: Callable[[Floats], Floats], rows: Mask) -> Floats:
        """Predictions [b, S] of chosen rows, NaN beside them."""
        values: Floats = np.full(rows.shape, np.nan)
        if rows.any():
            values[rows] = predict(self.matrix(rows))
        return values


def features_of(raw: Raw, chain: Chain, sections: Sections) -> Features:
    """Run sections through a fitted chain; without processors they are the raw values themselves, not a copy."""
    first, last = sections
    if not chain.steps:
        return Features(raw.factors.names, raw.factors.values[:, first:last], raw.counted[first:last])
    done = chain.apply(raw.block(first, last))
    return Features(done.names, done.values, done.rows)
