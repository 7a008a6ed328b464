"""Information coefficients: how well one section's values order what came after."""

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# A correlation of fewer pairs says nothing.
MIN_PAIRS = 3


@dataclass(frozen=True, slots=True)
class Summary:
    """Mean, standard deviation (n - 1), t statistic of the mean, and how many sections counted."""

    mean: float
    std: float
    t: float
    count: int


def ranks(values: Floats) -> Floats:
    """Rank finite values from 1 to N; ties share their average rank."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    averages: Floats = np.cumsum(counts) - (counts - 1) / 2.0
    return averages[places]


def centred_ranks(values: Floats) -> Floats:
    """Ranks of finite values scaled to mean 0 and about unit variance (Qlib's CSRankNorm)."""
    scaled: Floats = ((ranks(values) - 0.5) / values.size - 0.5) * sqrt(12.0)
    return scaled


def rank_ic(values: Floats, labels: Floats) -> Floats:
    """Spearman correlation per section, f8[B] from f8[B, S]; NaN where fewer than three pairs or no variation."""
    return np.array([_correlation(*_ranked(row, label)) for row, label in zip(values, labels, strict=True)], np.float64)


def linear_ic(values: Floats, labels: Floats) -> Floats:
    """Pearson correlation per section, f8[B] from f8[B, S]; NaN where fewer than three pairs or no variation."""
    return np.array([_correlation(*_paired(row, label)) for row, label in zip(values, labels, strict=True)], np.float64)


def summarise(series: Floats) -> Summary:
    """Sum up a coefficient per section; NaN sections are left out, what cannot be said is NaN."""
    known = series[np.isfinite(series)]
    mean = float(known.mean()) if known.size else nan
    std = float(known.std(ddof=1)) if known.size > 1 else nan
    return Summary(mean, std, mean / std * sqrt(known.size) if std > 0.0 else nan, int(known.size))


def _paired(values: Floats, labels: Floats) -> tuple[Floats, Floats]:
    both = np.isfinite(values) & np.isfinite(labels)
    return values[both], labels[both]


def _ranked(values: Floats, labels: Floats) -> tuple[Floats, Floats]:
    values, labels = _paired(values, labels)
    return ranks(values), ranks(labels)


def _correlation(left: Floats, right: Floats) -> float:
    if left.size < MIN_PAIRS:
        return nan
    left, right = left - left.mean(), right - right.mean()
    # Not `@`: a library's dot product may depend on its number of threads.
    scale = sqrt(float(np.sum(left * left)) * float(np.sum(right * right)))
    return float(np.sum(left * right)) / scale if scale > 0.0 else nan
