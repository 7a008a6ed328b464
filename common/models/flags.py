"""Why a symbol of a section has no value: the one rule by which models are served, ahead of time and live (pure)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alphabus.messages import Flag

Flags = NDArray[np.uint8]
Numbers = NDArray[np.bool_] | NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.int64] | NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Who is a member, has a bar, and is warm: marks of one shape, for one section or many."""

    member: Numbers
    present: Numbers
    warm: Numbers

    def flags(self, finite: Numbers, fewest: float, silent: NDArray[np.bool_] | None = None) -> Flags:
        """The first reason in the order not a member, no bar, cold, few features: u1 of the marks' shape.

        finite: how many of the model's features are finite, of which `fewest` must be; silent: whom the model's
        processors left out, for a feature that is missing.
        """
        few = finite < fewest
        flags = np.full(few.shape, Flag.OK, np.uint8)
        flags[few if silent is None else few | silent] = Flag.FEW_FEATURES
        flags[self.warm == 0] = Flag.COLD  # from the last reason to the first, which stays
        flags[self.present == 0] = Flag.NO_BAR
        flags[self.member == 0] = Flag.NOT_MEMBER
        return flags


def count_finite(features: NDArray[np.float64]) -> NDArray[np.uint16]:
    """How many of the features are finite: [...] of f8[F, ...]."""
    # NumPy adds up int64 unless it is told otherwise, which takes twice as long.
    counts: NDArray[np.uint16] = np.isfinite(features).view(np.uint8).sum(axis=0, dtype=np.uint16)
    return counts
