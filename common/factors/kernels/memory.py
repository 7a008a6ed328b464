"""How kernels find their operands: flat arrays, an offset per node, and the rule that a number is finite or NaN."""

import math
import sys

import numpy as np

from common.factors.kernels.build import Floats, part_of_kernel

CALL = "void(f8[::1], f8[::1], i8[::1], i8[::1], f8[::1], i8, i8, f8[::1])"
"""What element and fold kernels take: arena, values, offsets, words, numbers, size, stride, work.

arena, values: every node is a run of `size` = rows x symbols numbers, symbols contiguous, in one of the two;
offsets[node]: where its run starts, at least 0 in the arena, -1 - start in `values` (the factors handed out);
words, numbers: the operands and constants of this call, laid out as each kernel says;
stride: symbols in a row, so that the bar before is `stride` numbers back; work: room for tiles.
"""

LARGEST = sys.float_info.max
NOTHING = math.nan


@part_of_kernel
def finite(value: float) -> float:
    """Turn infinities into NaN."""
    return value if abs(value) <= LARGEST else NOTHING


@part_of_kernel
def quotient(dividend: float, divisor: float) -> float:
    """Divide as IEEE 754 says; numba's `/` looks at the divisor first, which keeps the loop from being vectorised."""
    answer: float = np.true_divide(dividend, divisor)
    return answer


@part_of_kernel
def piece(arena: Floats, values: Floats, offset: int, first: int, width: int) -> Floats:
    """Return the view of `width` numbers of a run, from its number `first` on."""
    if offset >= 0:
        return arena[offset + first : offset + first + width]
    start = -1 - offset + first
    return values[start : start + width]
