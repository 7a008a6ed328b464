"""Whether a peer computes the same factors: a time is only worth comparing where the values are."""

import numpy as np
from numpy.typing import NDArray

from scripts.bench.rows import Row

TOLERANCE = 1e-6
ENOUGH = 0.999


def agreement_row(what: str, ours: NDArray[np.float64], peer: str, theirs: NDArray[np.float64]) -> Row:
    """Count the factors f8[F,B,S] of which nearly all values agree, as far as both sides have a number."""
    count = sum(agree(mine, other) for mine, other in zip(ours, theirs, strict=True))
    return Row.of(f"{what}, factors that agree", count, f"of {len(ours)}", peer=peer)


def agree(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> bool:
    """Tell whether values agree to a millionth of themselves, or of what is usual where they are small."""
    both = np.isfinite(ours) & np.isfinite(theirs)
    if not both.any():
        return False
    usual = np.median(np.abs(ours[both]))
    near = np.abs(ours[both] - theirs[both]) <= TOLERANCE * np.maximum(np.abs(ours[both]), usual)
    return bool(near.mean() >= ENOUGH)
