"""The arithmetic of codes: values become small integers by comparisons with thresholds, and nothing is rounded."""
# ruff: noqa: PLR0917  numba calls by place

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from common.factors.kernels.build import part_of_kernel
from common.models.trees.text import Floats, Integers

Codes = NDArray[np.uint8]
Bits = NDArray[np.uint32]
Numbers = NDArray[np.int32]

ZERO = float(np.float32(1e-35))
"""Up to here, on both sides, LightGBM reads zero: kZeroThreshold, a float widened to a double."""

BEYOND = 2147483648.0
"""A category is an int of 32 bits; what does not fit is in no set."""

Coding: TypeAlias = tuple[
    Integers, Integers, Integers, Floats, Floats, Integers, Integers, Floats, Numbers, Numbers, Integers, Integers, Bits
]  # fmt: skip
"""Fields of `Planes`: columns, first_threshold, halvings, lowest, scale, first_cell, first_plane, thresholds, cells,
special, set_columns, first_word, set_words."""

CODING = (
    "Tuple((i8[::1], i8[::1], i8[::1], f8[::1], f8[::1], i8[::1], i8[::1], f8[::1], i4[::1], i4[:, ::1],"
    " i8[::1], i8[::1], u4[::1]))"
)
"""The same for numba."""


@part_of_kernel
def rank_of(value: float, thresholds: Floats, cells: Numbers, grid: tuple[float, float], halvings: int) -> np.int32:
    """How many thresholds lie below a value; 0 for NaN."""
    lowest, scale = grid
    place, top = (value - lowest) * scale, float(cells.size - 1)
    # NaN falls to 0; `max` and `min` would keep it.
    place = place if place > 0.0 else 0.0  # noqa: FURB136  NaN becomes 0
    rank = np.uint64(cells[np.uint64(place if place < top else top)])  # noqa: FURB136  one form for both
    for step in range(halvings - 1, -1, -1):
        half = np.uint64(1) << np.uint64(step)
        # Not a branch: it would be guessed wrong half of the time.
        rank += np.uint64(thresholds[rank + half - np.uint64(1)] < value) << np.uint64(step)
    return np.int32(rank)


@part_of_kernel
def code_of(value: float, rank: np.int32, begins: np.int32, of_nan: np.int32, of_zero: np.int32) -> np.uint8:
    """A rank as a plane shows it: from `begins` on as a byte, with the plane's own answers for NaN and zero."""
    rank = of_zero if abs(value) <= ZERO else rank
    rank = np.int32((of_nan if math.isnan(value) else rank) - begins)
    rank = rank if rank > 0 else np.int32(0)
    return np.uint8(rank if rank < 255 else np.int32(255))


@part_of_kernel
def code_in_set(value: float, words: Bits) -> np.uint8:
    """0 where the value, cut to a whole number, is in the set; 1 elsewhere."""
    if -1.0 < value < BEYOND:
        category = np.int64(value)
        if category < 32 * words.size:
            return np.uint8(1 - ((words[category >> 5] >> np.uint32(category & 31)) & 1))
    return np.uint8(1)


@part_of_kernel
def rank_values(
    values: Floats, thresholds: Floats, cells: Numbers, grid: tuple[float, float], halvings: int, ranks: Numbers
) -> None:
    """`rank_of` many values; with the number of halvings written out, several share an instruction."""
    if halvings == 1:
        for j in range(values.size):
            ranks[j] = rank_of(values[j], thresholds, cells, grid, 1)
    elif halvings == 2:
        for j in range(values.size):
            ranks[j] = rank_of(values[j], thresholds, cells, grid, 2)
    elif halvings == 3:
        for j in range(values.size):
            ranks[j] = rank_of(values[j], thresholds, cells, grid, 3)
    else:
        for j in range(values.size):
            ranks[j] = rank_of(values[j], thresholds, cells, grid, halvings)


@part_of_kernel
def encode_rows(values: Floats, first: int, last: int, coding: Coding, ranks: Numbers, codes: Codes) -> None:
    """Codes u1[P, R] of rows `first` to `last` of values f8[F, S], plane by plane; see `Planes`."""
    columns, first_threshold, halvings, lowest, scale, first_cell, first_plane, thresholds, cells, special = coding[:10]
    set_columns, first_word, set_words = coding[10:]
    for i in range(columns.size):
        column = values[columns[i], first:last]
        here = cells[first_cell[i] : first_cell[i + 1]]
        rank_values(column, thresholds[first_threshold[i] :], here, (lowest[i], scale[i]), halvings[i], ranks)
        for p in range(first_plane[i], first_plane[i + 1]):
            begins, of_nan, of_zero, shown = special[p, 0], special[p, 1], special[p, 2], codes[p]
            for j in range(column.size):
                shown[j] = code_of(column[j], ranks[j], begins, of_nan, of_zero)
    for i in range(set_columns.size):
        column, shown = values[set_columns[i], first:last], codes[special.shape[0] + i]
        words = set_words[first_word[i] : first_word[i + 1]]
        for j in range(column.size):
            shown[j] = code_in_set(column[j], words)


@part_of_kernel
def encode_row(values: Floats, row: int, coding: Coding, codes: Codes) -> None:
    """Codes u1[P] of one row of values f8[F, S]: without the loops over rows, which cost more than one row does."""
    columns, first_threshold, halvings, lowest, scale, first_cell, first_plane, thresholds, cells, special = coding[:10]
    set_columns, first_word, set_words = coding[10:]
    for i in range(columns.size):
        value, here = values[columns[i], row], cells[first_cell[i] : first_cell[i + 1]]
        rank = rank_of(value, thresholds[first_threshold[i] :], here, (lowest[i], scale[i]), halvings[i])
        for p in range(first_plane[i], first_plane[i + 1]):
            codes[p] = code_of(value, rank, special[p, 0], special[p, 1], special[p, 2])
    for i in range(set_columns.size):
        words = set_words[first_word[i] : first_word[i + 1]]
        codes[special.shape[0] + i] = code_in_set(values[set_columns[i], row], words)
