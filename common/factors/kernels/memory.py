"""How kernels find their operands: flat arrays, an offset per node, and the rule that a number is finite or NaN."""

import math
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import types

from common.factors.kernels.build import TILE, Floats, Integers
from common.factors.kernels.lean import part_of_kernel, view_of_memory


class Frame(NamedTuple):
    """Where the operands of a shard's kernels are.

    arena, values: every node is a run of rows x stride numbers, symbols contiguous, in one of the two;
    offsets[node]: where its run starts, below SCRATCH in the arena (what lasts), else from there on in `values`;
    own: bars of each symbol in this chunk; stride: symbols in a row, so that the bar before is `stride` numbers back;
    work: room for tiles.
    """

    arena: Floats
    values: Floats
    offsets: Integers
    own: Integers
    rows: int
    stride: int
    work: Floats


def tuple_type(kinds: Sequence[Any], name: type) -> Any:
    """Return what numba calls a named tuple of these kinds."""
    return types.BaseTuple.from_types(tuple(kinds), name)  # type: ignore[no-untyped-call]


FLOATS, INTEGERS = types.float64[::1], types.int64[::1]
FRAME = tuple_type((FLOATS, FLOATS, INTEGERS, INTEGERS, types.int64, types.int64, FLOATS), Frame)
CALL = types.void(FRAME, INTEGERS, FLOATS)
"""frame, words, numbers: operands and constants of one call, laid out as each kernel says."""

SCRATCH = 1 << 40
"""Offsets from here on are of `values`; either way the bar before is `stride` less."""

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


@view_of_memory
def piece(frame: Frame, offset: int, first: int, width: int) -> Floats:
    """Return the view of `width` numbers of a run, from its number `first` on."""
    if offset < SCRATCH:
        return frame.arena[offset + first : offset + first + width]
    start = offset - SCRATCH + first
    return frame.values[start : start + width]


@view_of_memory
def whole(frame: Frame, operand: int) -> Floats:
    """Return the view of a whole run."""
    return piece(frame, frame.offsets[operand], 0, frame.rows * frame.stride)


@view_of_memory
def tile(frame: Frame, number: int, width: int) -> Floats:
    """Return a tile of the room for them."""
    return frame.work[number * TILE : number * TILE + width]


@view_of_memory
def kept_row(frame: Frame, operand: int, row: int) -> Floats:
    """Return a row of an operator's own state, one number a symbol."""
    start = frame.offsets[operand] + row * frame.stride
    return frame.arena[start : start + frame.stride]
