"""Running a section kernel over a block."""

import numpy as np

from common.factors.kernels.build import Kernel
from common.factors.processors.compilation import call
from common.factors.processors.feature_block import FeatureBlock


def over_sections(kernel: Kernel, block: FeatureBlock, columns: tuple[str, ...]) -> FeatureBlock:
    """Process columns section by section, in place."""
    found, where = np.empty(len(block.symbols)), np.empty(len(block.symbols), dtype=np.int64)
    call(kernel, block.values, block.places(columns), block.rows, found, where)
    return block
