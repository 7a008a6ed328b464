"""Plain, slow, obviously right definitions in long double: a column's rows in, what it must become out."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Long = NDArray[np.longdouble]
Rows = NDArray[np.bool_]


def known(values: Long) -> Long:
    """The finite ones."""
    return values[np.isfinite(values)]


def missing(values: Long) -> Long:
    """Infinite values as missing."""
    return np.where(np.isfinite(values), values, np.nan)


def divided(dividend: Long, divisor: np.longdouble) -> Long:
    """A quotient, NaN where it is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return missing(dividend / divisor)


def filled(values: Long) -> Long:
    """cs_fill_na."""
    mean = known(values).mean() if known(values).size else np.longdouble(np.nan)
    return np.where(np.isfinite(values), values, mean)


def zscored(values: Long) -> Long:
    """cs_norm, zscore."""
    some = known(values)
    if some.size < 2 or np.all(some == some[0]):
        return np.full_like(values, np.nan)
    # About the first number: long double has too few digits for a mean of numbers that differ in the thirteenth.
    away, first = some - some[0], some[0]
    return divided(missing(values) - first - away.mean(), away.std(ddof=1))


def robust(values: Long) -> Long:
    """cs_norm, robust."""
    some = known(values)
    if not some.size:
        return np.full_like(values, np.nan)
    away = missing(values) - np.median(some)
    score: Long = np.clip(divided(away, np.median(np.abs(known(away)))) / np.longdouble(1.4826), -3, 3)
    return score


def ranked(values: Long) -> Long:
    """cs_rank_norm."""
    some = known(values)
    ranks = [((some < value).sum() + 1 + (some <= value).sum()) / 2 / some.size for value in some]
    result = np.full_like(values, np.nan)
    result[np.isfinite(values)] = (np.array(ranks, np.longdouble) - 0.5) * np.longdouble(3.46)
    return result


def robust_of(values: Long, trained: Long, *, clip: bool) -> Long:
    """robust_zscore_norm, of a column whose rows in training were `trained`."""
    some = known(trained)
    if not some.size:
        return np.full_like(values, np.nan)
    middle = np.median(some)
    spread = (np.median(np.abs(some - middle)) + np.longdouble(1e-12)) * np.longdouble(1.4826)
    score = divided(missing(values) - middle, spread)
    return np.clip(score, -3, 3) if clip else score


def normal_of(values: Long, trained: Long) -> Long:
    """ts_norm, of a column whose rows in training were `trained`."""
    some = known(trained)
    if not some.size:
        return np.full_like(values, np.nan)
    if np.all(some == some[0]):
        return missing(values)
    return divided(missing(values) - some.mean(), some.std())


BY_SECTION: dict[str, Callable[[Long], Long]] = {
    "cs_fill_na": filled,
    "cs_norm zscore": zscored,
    "cs_norm robust": robust,
    "cs_rank_norm": ranked,
}
