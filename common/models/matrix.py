"""Features as kernels and C libraries take them."""

import numpy as np
from numpy.typing import NDArray

from common.errors import ModelError

Floats = NDArray[np.float64]


def feature_matrix(matrix: Floats, features: int) -> Floats:
    """Values f8[F, S] as native doubles, in order, aligned, writable; copied only if they are not that already.

    ModelError for another number of features.
    """
    if matrix.ndim != 2 or matrix.shape[0] != features:
        raise ModelError(f"the model takes [{features}, S] values, not {list(matrix.shape)}")
    as_it_is = matrix.dtype == np.float64 and matrix.flags.carray
    return matrix if as_it_is else np.require(matrix, np.float64, ["C", "A", "W"])
