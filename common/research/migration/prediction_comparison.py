"""Predictions of an export beside those the same model gives of our factors, behind our processors (pure)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.models.processed import ProcessedModel
from common.research.migration.candidate import Candidate
from common.research.migration.findings import Finding, deviation
from common.research.migration.places import Places
from common.research.migration.predictions import Change, Limit, Mover, by_segment, change_of
from common.research.migration.substitution import Substitution
from common.research.raw import Raw

Floats = NDArray[np.float64]

SECTIONS = 128
"""Sections whose features are copied at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class PredictionComparison:
    """places: rows [N] of the exported predictions that count here; theirs: the predictions f8[N]; std: of all.

    repeated: what the model here answers to vnpy's own features, f8[N].
    """

    raw: Raw
    model: ProcessedModel
    places: Places
    theirs: Floats
    repeated: Floats
    segments: NDArray[np.str_]
    limit: Limit
    std: float

    @classmethod
    def of(cls, candidate: Candidate, places: Places, limit: Limit) -> "PredictionComparison":
        """Of the rows that vnpy answered with a number."""
        export, raw = candidate.export, candidate.dataset.raw
        theirs = places.column(export.predictions, "prediction")
        known = np.isfinite(theirs)
        segments = export.predictions["segment"].to_numpy().astype(np.str_)[places.row][known]
        std = deviation(export.predictions["prediction"].to_numpy())
        repeated = candidate.repeated[places.row][known]
        return cls(raw, candidate.model, places.among(known), theirs[known], repeated, segments, limit, std)

    def changes(self) -> tuple[Change, Mapping[str, Change]]:
        """Of all rows, and by segment."""
        dense = _answers(self.model, self.raw)
        ours = dense[self.places.section, self.places.symbol]
        whole = self._change(ours, np.ones(len(ours), np.bool_))
        return whole, {name: self._change(ours, rows) for name, rows in by_segment(self.segments).items()}

    def arithmetic(self) -> Change:
        """What our arithmetic alone changes: vnpy's networks compute in 32 bits, ours in 64."""
        return self._change(self.repeated, np.ones(len(self.theirs), np.bool_))

    def processing(self, substitution: Substitution) -> Change:
        """What our processors alone change: vnpy's factors behind them, over the sections of a substitution."""
        dense = np.full(self.raw.present.shape, np.nan)
        dense[self.places.section, self.places.symbol] = self.repeated
        theirs = dense[substitution.sections][substitution.theirs.rows]
        known, section = np.isfinite(theirs), np.nonzero(substitution.theirs.rows)[0]
        return change_of(substitution.base()[known], theirs[known], section[known], self.limit, self.std)

    def movers(
        self, substitution: Substitution, findings: Sequence[Finding], progress: Callable[[int, int], None]
    ) -> Iterator[Mover]:
        """Factors that differ and that the model reads, and what each does alone."""
        read = self._read()
        names = [each.name for each in findings if each.agreeing < each.rows and each.name in read]
        for done, mover in enumerate(substitution.movers(names, self.limit, self.std), 1):
            progress(done, len(names))
            if mover.largest > 0.0 or mover.beyond > 0.0:
                yield mover

    def _read(self) -> frozenset[str]:
        """Factors an answer can hang on: with processors, a missing value of any may take the row out."""
        if self.model.reads_sections:
            return frozenset(self.raw.factors.names)
        detail = self.model.detail()
        return frozenset(
            name for place, name in enumerate(detail.features) if any(each[place] for each in detail.measures.values())
        )

    def _change(self, ours: Floats, rows: NDArray[np.bool_]) -> Change:
        return change_of(ours[rows], self.theirs[rows], self.places.section[rows], self.limit, self.std)


def _answers(model: ProcessedModel, raw: Raw) -> Floats:
    """Every answer f8[B, S] to our factors, NaN where there is none."""
    parts = (
        model.answer(raw.block(first, min(first + SECTIONS, len(raw.time)))).values
        for first in range(0, len(raw.time), SECTIONS)
    )
    return np.concatenate(list(parts))
