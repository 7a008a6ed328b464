"""Folds of one series: sums, products, means, deviations, weighted means.

Each folds a window from its newest value to its oldest, so that a shorter window is the beginning of a longer one and
all windows of one operator over the same series are one pass. words: input, how many windows, then pairs (window,
result) by ascending window. Second moments are taken about the newest value of the window: its own spread bounds how
far that value lies from the mean, so no digits are lost, and a constant window gives exact zeros.
"""

# ruff: noqa: ARG001, PLR0917  one call for all kernels

import math

from common.factors.kernels.build import TILE, Floats, Integers, kernel
from common.factors.kernels.memory import CALL, NOTHING, finite, piece, quotient


@kernel(CALL)
def ts_sum(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Sum of the window."""
    source = offsets[words[0]]
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        total = work[:width]
        total[:] = 0.0
        age = 0
        for group in range(words[1]):
            while age < words[2 + 2 * group]:
                row = piece(arena, values, source - age * stride, first, width)
                for i in range(width):
                    total[i] += row[i]
                age += 1
            out = piece(arena, values, offsets[words[3 + 2 * group]], first, width)
            for i in range(width):
                out[i] = finite(total[i])


@kernel(CALL)
def ts_product(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Product of the window."""
    source = offsets[words[0]]
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        total = work[:width]
        total[:] = 1.0
        age = 0
        for group in range(words[1]):
            while age < words[2 + 2 * group]:
                row = piece(arena, values, source - age * stride, first, width)
                for i in range(width):
                    total[i] *= row[i]
                age += 1
            out = piece(arena, values, offsets[words[3 + 2 * group]], first, width)
            for i in range(width):
                out[i] = finite(total[i])


@kernel(CALL)
def ts_mean(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Mean of the numbers in the window; NaN are left out."""
    source = offsets[words[0]]
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        shift, total, count = work[:width], work[TILE : TILE + width], work[2 * TILE : 2 * TILE + width]
        shift[:], total[:], count[:] = NOTHING, 0.0, 0.0
        age = 0
        for group in range(words[1]):
            while age < words[2 + 2 * group]:
                row = piece(arena, values, source - age * stride, first, width)
                for i in range(width):
                    known = row[i] == row[i]
                    shift[i] = shift[i] if shift[i] == shift[i] else row[i]
                    total[i] += row[i] - shift[i] if known else 0.0
                    count[i] += 1.0 if known else 0.0
                age += 1
            out = piece(arena, values, offsets[words[3 + 2 * group]], first, width)
            for i in range(width):
                out[i] = finite(shift[i] + quotient(total[i], count[i]))


@kernel(CALL)
def ts_std(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Population standard deviation of the numbers in the window; NaN are left out."""
    source = offsets[words[0]]
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        shift, count = work[:width], work[TILE : TILE + width]
        total, squares = work[2 * TILE : 2 * TILE + width], work[3 * TILE : 3 * TILE + width]
        shift[:], count[:], total[:], squares[:] = NOTHING, 0.0, 0.0, 0.0
        age = 0
        for group in range(words[1]):
            while age < words[2 + 2 * group]:
                row = piece(arena, values, source - age * stride, first, width)
                for i in range(width):
                    known = row[i] == row[i]
                    shift[i] = shift[i] if shift[i] == shift[i] else row[i]
                    away = row[i] - shift[i] if known else 0.0
                    total[i] += away
                    squares[i] += away * away
                    count[i] += 1.0 if known else 0.0
                age += 1
            out = piece(arena, values, offsets[words[3 + 2 * group]], first, width)
            for i in range(width):
                mean = quotient(total[i], count[i])
                out[i] = finite(math.sqrt(max(quotient(squares[i], count[i]) - mean * mean, 0.0)))


@kernel(CALL)
def ts_decay_linear(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Mean with weights falling linearly from the newest value to the oldest."""
    source = offsets[words[0]]
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        total, aged = work[:width], work[TILE : TILE + width]
        total[:], aged[:] = 0.0, 0.0
        newest = piece(arena, values, source, first, width)
        age = 0
        for group in range(words[1]):
            window = words[2 + 2 * group]
            while age < window:
                row = piece(arena, values, source - age * stride, first, width)
                for i in range(width):
                    away = row[i] - newest[i]
                    total[i] += away
                    aged[i] += age * away
                age += 1
            out = piece(arena, values, offsets[words[3 + 2 * group]], first, width)
            weights = window * (window + 1) / 2.0
            for i in range(width):
                out[i] = finite(newest[i] + quotient(window * total[i] - aged[i], weights))
