"""Why a symbol of a section has no value: the one rule by which models are served, ahead of time and live (pure)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alphabus.messages import Flag

Flags = NDArray[np.uint8]
Numbers = NDArray[np.bool_] | NDArray[np.uint8] | NDArray[np.int64] | NDArray[np.float64]


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
        return np.select(
            [self.member == 0, self.present == 0, self.warm == 0, few if silent is None else few | silent],
            [Flag.NOT_MEMBER, Flag.NO_BAR, Flag.COLD, Flag.FEW_FEATURES],
            Flag.OK,
        ).astype(np.uint8)
