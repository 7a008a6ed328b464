"""How good a model's answers over a part of a dataset are: against what happened, and against what it had learnt."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import isfinite, nan
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from common.models.processed import ProcessedModel
from common.research.analysis.coefficients import Coefficient, coefficient_of
from common.research.dataset import Dataset
from common.research.information import Floats, linear_ic, rank_ic
from common.research.periods import Segment
from common.research.recipe import Recipe, label_horizon


@dataclass(frozen=True, slots=True)
class Appraisal:
    """IC and rank IC against the label as it happened, MSE against the label as it is learnt, over how many rows."""

    ic: Coefficient
    rank_ic: Coefficient
    mse: float
    rows: int

    def figures(self) -> dict[str, Any]:
        """As JSON has words for it; what cannot be said is None."""
        return {
            "ic": _figures(self.ic),
            "rank_ic": _figures(self.rank_ic),
            "mse": _sayable(self.mse),
            "rows": self.rows,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Answers f8[B, S] to sections, and what became of them: rows with a label, as it happened and as it is learnt."""

    time: NDArray[np.int64]
    stamp: NDArray[np.int64]
    values: Floats
    rows: NDArray[np.bool_]
    label: Floats
    target: Floats

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Sections that follow one another as one."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


def ask(model: ProcessedModel, dataset: Dataset, segment: Segment) -> Asked:
    """Have a model answer a part, from raw factors through its own processors, as live."""
    part = dataset.part(segment)
    first, last = part.sections
    values = model.answer(dataset.raw.block(first, last)).values
    raw = dataset.raw
    return Asked(raw.time[first:last], raw.stamp[first:last], values, part.learnt, part.label, part.target)


def appraise(asked: Asked, recipe: Recipe) -> Appraisal:
    """Judge answers on the rows that have a label."""
    rows = asked.rows & np.isfinite(asked.values)
    said, label = np.where(rows, asked.values, np.nan), np.where(rows, asked.label, np.nan)
    horizon = label_horizon(recipe.factor_set)
    error = float(np.mean((asked.values[rows] - asked.target[rows]) ** 2)) if rows.any() else nan
    ic, ranked = (coefficient_of(of(said, label), asked.stamp, horizon) for of in (linear_ic, rank_ic))
    return Appraisal(ic, ranked, error, int(rows.sum()))


def _figures(found: Coefficient) -> dict[str, Any]:
    summary = found.summary
    months = [{"month": each.month, "mean": _sayable(each.mean), "sections": each.count} for each in found.months]
    figures = {
        "mean": summary.mean,
        "std": summary.std,
        "icir": found.ratio,
        "t": found.t,
        "t_plain": summary.t,
        "positive": found.positive,
    }
    return {name: _sayable(figure) for name, figure in figures.items()} | {"sections": summary.count, "months": months}


def _sayable(figure: float) -> float | None:
    return figure if isfinite(figure) else None
