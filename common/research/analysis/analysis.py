"""Everything that is said of a factor or a signal, as plain figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.errors import FactorError
from common.research.analysis.coefficients import Coefficient, coefficient_of
from common.research.analysis.quantiles import mean_returns, quantiles, rank_autocorrelation, turnover
from common.research.analysis.subject import Subject
from common.research.information import rank_ic

Floats = NDArray[np.float64]

LEAST_BUCKETS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """By horizon in bars: rank IC f8[B], its summary; returns, turnover of buckets f8[B,Q]; autocorrelation."""

    subject: Subject
    buckets: int
    coverage: Floats
    """Symbols with a value, by section."""
    series: Mapping[int, Floats]
    coefficients: Mapping[int, Coefficient]
    returns: Mapping[int, Floats]
    turnover: Mapping[int, Floats]
    autocorrelation: Mapping[int, Floats]

    def figures(self) -> dict[str, Any]:
        """What `--json` writes; what cannot be said is null."""
        subject = self.subject
        figures: dict[str, Any] = _plain({
            "name": subject.name,
            "sections": len(subject.stamp),
            "symbols": len(subject.symbols),
            "mean_coverage": float(self.coverage.mean()),
            "quantiles": self.buckets,
            "horizons": {str(horizon): self._figures_over(horizon) for horizon in subject.horizons},
        })  # fmt: skip
        return figures

    def _figures_over(self, horizon: int) -> dict[str, Any]:
        return {
            "rank_ic": asdict(self.coefficients[horizon]),
            "quantile_returns": list(mean_by_bucket(self.returns[horizon])),
            "spread": spread_of(self.returns[horizon]),
            "turnover": list(mean_by_bucket(self.turnover[horizon])),
            "rank_autocorrelation": mean_of(self.autocorrelation[horizon]),
        }


def analyse(subject: Subject, buckets: int = 5) -> Analysis:
    """Analyse one subject; FactorError where no section has enough values to be cut into buckets."""
    if buckets < LEAST_BUCKETS:
        raise FactorError(f"{buckets} quantiles: at least {LEAST_BUCKETS}")
    placed = quantiles(subject.values, buckets)
    if (placed < 0).all():
        most = int(np.isfinite(subject.values).sum(axis=1).max(initial=0))
        raise FactorError(
            f"{subject.name}: no section has {buckets} values, the most is {most}: use fewer quantiles or more symbols"
        )
    series = {horizon: rank_ic(subject.values, earned) for horizon, earned in subject.returns.items()}
    return Analysis(
        subject=subject,
        buckets=buckets,
        coverage=np.isfinite(subject.values).sum(axis=1).astype(np.float64),
        series=series,
        coefficients={horizon: coefficient_of(found, subject.stamp, horizon) for horizon, found in series.items()},
        returns={horizon: mean_returns(placed, earned, buckets) for horizon, earned in subject.returns.items()},
        turnover={horizon: turnover(placed, buckets, horizon) for horizon in subject.horizons},
        autocorrelation={horizon: rank_autocorrelation(subject.values, horizon) for horizon in subject.horizons},
    )


def mean_by_bucket(figures: Floats) -> Floats:
    """Mean over sections of f8[B,Q], f8[Q]; each section counts the same, however many symbols it had."""
    known = np.isfinite(figures)
    counts = known.sum(axis=0)
    with np.errstate(invalid="ignore"):
        means: Floats = np.where(known, figures, 0.0).sum(axis=0) / counts
    return means


def spread_of(returns: Floats) -> float:
    """Mean over sections of the top bucket's return less the bottom's."""
    return mean_of(returns[:, -1] - returns[:, 0])


def mean_of(series: Floats) -> float:
    """Mean of the sections that have a figure, NaN where none has."""
    known = series[np.isfinite(series)]
    return float(known.mean()) if known.size else float("nan")


def _plain(value: Any) -> Any:
    """Numbers JSON has a word for."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    return value
