"""Information coefficients over time: by section, by month, and how sure they are (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray

from common.research.information import Summary, summarise

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Month:
    """Mean coefficient of a calendar month, such as 2024-03, and how many sections counted."""

    month: str
    mean: float
    count: int


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient per section, summed up: `ratio` is mean over deviation (ICIR), `t` allows for overlap."""

    horizon: int
    summary: Summary
    ratio: float
    t: float
    positive: float
    months: tuple[Month, ...]


def coefficient_of(series: Floats, stamp: NDArray[np.int64], horizon: int) -> Coefficient:
    """Sum up coefficients f8[B] of returns over `horizon` bars; NaN sections are left out."""
    known = series[np.isfinite(series)]
    plain = summarise(series)
    return Coefficient(
        horizon=horizon,
        summary=plain,
        ratio=plain.mean / plain.std if plain.std > 0.0 else nan,
        t=newey_west_t(known, horizon - 1),
        positive=float(np.mean(known > 0.0)) if known.size else nan,
        months=by_month(series, stamp),
    )


def by_month(series: Floats, stamp: NDArray[np.int64]) -> tuple[Month, ...]:
    """Mean of each month that has a section that counts."""
    months = stamp.astype("datetime64[ns]").astype("datetime64[M]")
    known = np.isfinite(series)
    return tuple(
        Month(str(month), float(series[here].mean()), int(np.count_nonzero(here)))
        for month in np.unique(months[known])
        if (here := known & (months == month)).any()
    )


def newey_west_t(series: Floats, lags: int) -> float:
    """T statistic of the mean with Newey and West's (1987) variance: Bartlett weights over `lags` autocovariances.

    Returns over h bars overlap in h - 1 of them, so neighbouring coefficients share noise; the plain t forgets that.
    """
    count = series.size
    if count < 2:
        return nan
    moved = series - series.mean()
    variance = float(np.sum(moved * moved))
    for lag in range(1, min(lags, count - 1) + 1):
        variance += 2.0 * (1.0 - lag / (lags + 1.0)) * float(np.sum(moved[lag:] * moved[:-lag]))
    return float(series.mean()) * count / sqrt(variance) if variance > 0.0 else nan
