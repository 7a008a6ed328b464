"""Buckets of a section, what each earned, and how quickly its members change (pure)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from common.research.information import linear_ic, ranks

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NOWHERE = -1


def quantiles(values: Floats, count: int) -> Integers:
    """Bucket 0 .. count-1 of every value within its section, i8[B,S]; -1 for NaN, and where a section is too small.

    Edges are the section's linear quantiles, buckets closed above, as pandas' `qcut` and with it alphalens cut; tied
    values share a bucket.
    """
    found = np.full(values.shape, NOWHERE, np.int64)
    shares = _shares(count)
    for row, here in zip(found, values, strict=True):
        known = np.isfinite(here)
        if np.count_nonzero(known) >= count:
            row[known] = np.searchsorted(np.quantile(here[known], shares), here[known], side="left")
    return found


def _shares(count: int) -> Floats:
    """Shares of a section below each inner edge, rounded up where they are no binary number.

    Rounded down, an edge that is a value of the section would lie below it, and the value a bucket too high.
    """
    shares, whole = np.linspace(0.0, 1.0, count + 1), np.arange(count + 1)
    found: Floats = np.where(count * shares == whole, shares, np.nextafter(shares, 1.0))[1:-1]
    return found


def mean_returns(buckets: Integers, returns: Floats, count: int) -> Floats:
    """Mean return of each bucket less the mean of all buckets' members, f8[B,count]; NaN for an empty one."""
    found = np.full((len(buckets), count), np.nan)
    for row, bucket, earned in zip(found, buckets, returns, strict=True):
        both = (bucket != NOWHERE) & np.isfinite(earned)
        if not both.any():
            continue
        excess = earned[both] - earned[both].mean()
        members = np.bincount(bucket[both], minlength=count)
        with np.errstate(invalid="ignore"):  # an empty bucket is 0 / 0, NaN
            row[:] = np.bincount(bucket[both], weights=excess, minlength=count) / members
    return found


def turnover(buckets: Integers, count: int, lag: int) -> Floats:
    """Share of each bucket's members that were not in it `lag` sections ago, f8[B,count]; NaN for the first `lag`."""
    found = np.full((len(buckets), count), np.nan)
    for row in range(lag, len(buckets)):
        for bucket in range(count):
            here = buckets[row] == bucket
            if here.any() and (buckets[row - lag] != NOWHERE).any():
                found[row, bucket] = np.mean(buckets[row - lag][here] != bucket)
    return found


def rank_autocorrelation(values: Floats, lag: int) -> Floats:
    """Correlation of each section's ranks with those of `lag` sections ago, over symbols in both, f8[B]."""
    placed = np.full(values.shape, np.nan)
    for row, here in zip(placed, values, strict=True):
        known = np.isfinite(here)
        row[known] = ranks(here[known]) if known.any() else np.nan
    found = np.full(len(values), np.nan)
    found[lag:] = linear_ic(placed[lag:], placed[:-lag])
    return found
