"""Equality of doubles by their bits: NaN equals itself, 0 is not -0."""

import numpy as np
from numpy.typing import NDArray


def equal_bits(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where two f8 arrays of one shape have the same bits; ValueError for two shapes."""
    if left.shape != right.shape:
        raise ValueError(f"{list(left.shape)} and {list(right.shape)} cannot be compared value by value")
    first, second = (np.ascontiguousarray(each, np.float64) for each in (left, right))
    same: NDArray[np.bool_] = first.view(np.int64) == second.view(np.int64)
    return same
