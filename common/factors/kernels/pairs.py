"""Folds of two series: covariance and correlation, about the newest values. words: two inputs, then as in moments."""

# ruff: noqa: ARG001, PLR0917  one call for all kernels

import math

from common.factors.kernels.build import TILE, Floats, Integers, kernel
from common.factors.kernels.memory import CALL, finite, piece, quotient


@kernel(CALL)
def ts_cov(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Population covariance of two series over the window."""
    left, right = offsets[words[0]], offsets[words[1]]
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        x_total, y_total, products = work[:width], work[TILE : TILE + width], work[2 * TILE : 2 * TILE + width]
        x_total[:], y_total[:], products[:] = 0.0, 0.0, 0.0
        x_newest, y_newest = piece(arena, values, left, first, width), piece(arena, values, right, first, width)
        age = 0
        for group in range(words[2]):
            window = words[3 + 2 * group]
            while age < window:
                x_row = piece(arena, values, left - age * stride, first, width)
                y_row = piece(arena, values, right - age * stride, first, width)
                for i in range(width):
                    x, y = x_row[i] - x_newest[i], y_row[i] - y_newest[i]
                    x_total[i] += x
                    y_total[i] += y
                    products[i] += x * y
                age += 1
            out = piece(arena, values, offsets[words[4 + 2 * group]], first, width)
            for i in range(width):
                out[i] = finite(quotient(products[i] - quotient(x_total[i] * y_total[i], window), window))


@kernel(CALL)
def ts_corr(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Pearson correlation of two series over the window; NaN where one of them is constant."""
    left, right = offsets[words[0]], offsets[words[1]]
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        x_total, y_total, products = work[:width], work[TILE : TILE + width], work[2 * TILE : 2 * TILE + width]
        x_squares, y_squares = work[3 * TILE : 3 * TILE + width], work[4 * TILE : 4 * TILE + width]
        x_total[:], y_total[:], products[:], x_squares[:], y_squares[:] = 0.0, 0.0, 0.0, 0.0, 0.0
        x_newest, y_newest = piece(arena, values, left, first, width), piece(arena, values, right, first, width)
        age = 0
        for group in range(words[2]):
            window = words[3 + 2 * group]
            while age < window:
                x_row = piece(arena, values, left - age * stride, first, width)
                y_row = piece(arena, values, right - age * stride, first, width)
                for i in range(width):
                    x, y = x_row[i] - x_newest[i], y_row[i] - y_newest[i]
                    x_total[i] += x
                    y_total[i] += y
                    products[i] += x * y
                    x_squares[i] += x * x
                    y_squares[i] += y * y
                age += 1
            out = piece(arena, values, offsets[words[4 + 2 * group]], first, width)
            for i in range(width):
                together = products[i] - quotient(x_total[i] * y_total[i], window)
                x_spread = math.sqrt(max(x_squares[i] - quotient(x_total[i] * x_total[i], window), 0.0))
                y_spread = math.sqrt(max(y_squares[i] - quotient(y_total[i] * y_total[i], window), 0.0))
                # 0 / 0 for a constant side; rounding may step over 1 by its last bit.
                out[i] = finite(min(max(quotient(quotient(together, x_spread), y_spread), -1.0), 1.0))
