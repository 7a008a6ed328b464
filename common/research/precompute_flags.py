"""Why a symbol of a section has no value, of many sections at once."""

import numpy as np
from numpy.typing import NDArray

from alphabus.messages import Flag
from common.factors.block import FactorBlock


def flag_cells(
    factors: FactorBlock, finite: NDArray[np.int64], fewest: float, silent: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """u1[B, S] by the worker's rule: not a member, no bar, cold, or fewer finite features than the `fewest`.

    `finite` [B, S]: how many of the model's features are finite; `silent`: whom the model's processors left out.
    """
    return np.select(
        [factors.member == 0, factors.present == 0, factors.warm == 0, (finite < fewest) | silent],
        [Flag.NOT_MEMBER, Flag.NO_BAR, Flag.COLD, Flag.FEW_FEATURES],
        Flag.OK,
    ).astype(np.uint8)
