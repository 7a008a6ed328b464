"""How far a model's predictions move when factors, or processors, become ours (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.research.information import rank_ic
from common.research.migration.coverage import Coverage

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Change:
    """Differences of predictions in standard deviations of vnpy's, over `rows` that both answered.

    beyond: share of the rows that moved by more than the limit, or that vnpy answered and we, for a row that counts, do
    not; unanswered: how many these are. rank: correlation of the ranks in a section, mean and least.
    """

    rows: int
    unanswered: int
    mean: float
    median: float
    largest: float
    beyond: float
    rank_mean: float
    rank_least: float


@dataclass(frozen=True, slots=True)
class Mover:
    """What one factor does to predictions when it alone becomes ours: mean and largest move, share beyond the limit."""

    name: str
    mean: float
    largest: float
    beyond: float


@dataclass(frozen=True, slots=True)
class Limit:
    """A row has moved where it differs by more than `deviations` of vnpy's predictions; `share`: of rows that may.

    compared: share of vnpy's predictions that must have been.
    """

    deviations: float = 0.01
    share: float = 0.0
    compared: float = 0.9

    def holds(self, change: Change, coverage: Coverage) -> bool:
        """Whether few enough rows have moved, of enough that were compared; never where none was."""
        return change.rows > 0 and change.beyond <= self.share and self.suffices(coverage)

    def suffices(self, coverage: Coverage) -> bool:
        """Whether enough of the predictions were compared."""
        return coverage.share >= self.compared


def change_of(ours: Floats, theirs: Floats, section: Integers, limit: Limit, std: float) -> Change:
    """Compare answers f8[N] to rows of sections i8[N]; NaN in ours is no answer."""
    answered = np.isfinite(ours)
    far = np.abs(ours[answered] - theirs[answered]) / std
    missing = int((~answered).sum())
    ranks = _ranks(ours[answered], theirs[answered], section[answered])
    return Change(
        rows=int(answered.sum()),
        unanswered=missing,
        mean=float(np.mean(far)) if far.size else 0.0,
        median=float(np.median(far)) if far.size else 0.0,
        largest=float(far.max(initial=0.0)),
        beyond=float((far > limit.deviations).sum() + missing) / max(1, len(ours)),
        rank_mean=float(np.mean(ranks)) if ranks.size else 1.0,
        rank_least=float(np.min(ranks)) if ranks.size else 1.0,
    )


def mover_of(name: str, ours: Floats, base: Floats, limit: Limit, std: float) -> Mover:
    """Compare answers f8[N] with those to vnpy's factors; an answer that is gone has moved beyond all limits."""
    with np.errstate(invalid="ignore"):
        far = np.abs(ours - base) / std
    far = far[np.isfinite(base)]
    gone, known = ~np.isfinite(far), far[np.isfinite(far)]
    beyond = float((known > limit.deviations).sum() + gone.sum()) / max(1, len(far))
    return Mover(name, float(known.mean()) if known.size else 0.0, float(known.max(initial=0.0)), beyond)


def by_segment(segments: NDArray[np.str_]) -> Mapping[str, Mask]:
    """Rows [N] of each segment, in the order of time."""
    order = {"train": 0, "valid": 1, "test": 2}
    return {str(name): segments == name for name in sorted(set(segments.tolist()), key=lambda each: order.get(each, 3))}


def _ranks(ours: Floats, theirs: Floats, section: Integers) -> Floats:
    """Correlation of ranks of each section that has one, f8."""
    order = np.argsort(section, kind="stable")
    _, first = np.unique(section[order], return_index=True)
    pieces = zip(np.split(ours[order], first[1:]), np.split(theirs[order], first[1:]), strict=True)
    found = np.array([rank_ic(left[None], right[None])[0] for left, right in pieces if left.size], np.float64)
    known: Floats = found[np.isfinite(found)]
    return known
