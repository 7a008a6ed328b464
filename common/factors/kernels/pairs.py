"""Folds of two series: covariance and correlation, about the newest values. words: two inputs, then as in sums."""

# ruff: noqa: ARG001, PLR0917  one call for all kernels; numba calls by place

import math

from common.factors.kernels.build import TILE, Floats, Integers
from common.factors.kernels.lean import kernel, part_of_kernel
from common.factors.kernels.memory import CALL, Frame, finite, piece, quotient, tile


@part_of_kernel
def start_pairs(frame: Frame, left: Floats, right: Floats, width: int) -> None:
    """Keep the newest values, and set the sums to 0."""
    for i in range(width):
        frame.work[i], frame.work[TILE + i] = left[i], right[i]
    frame.work[2 * TILE : 7 * TILE] = 0.0


@part_of_kernel
def pair_rows(frame: Frame, left: Floats, right: Floats, older_left: Floats, older_right: Floats, width: int) -> None:
    """Take two rows of each series, the newer first."""
    x_newest, y_newest = tile(frame, 0, width), tile(frame, 1, width)
    x_total, y_total, products = tile(frame, 2, width), tile(frame, 3, width), tile(frame, 4, width)
    x_squares, y_squares = tile(frame, 5, width), tile(frame, 6, width)
    for i in range(width):
        x, y = left[i] - x_newest[i], right[i] - y_newest[i]
        v, w = older_left[i] - x_newest[i], older_right[i] - y_newest[i]
        x_total[i] = x_total[i] + x + v
        y_total[i] = y_total[i] + y + w
        products[i] = products[i] + x * y + v * w
        x_squares[i] = x_squares[i] + x * x + v * v
        y_squares[i] = y_squares[i] + y * y + w * w


@part_of_kernel
def pair_row(frame: Frame, left: Floats, right: Floats, width: int) -> None:
    """Take one row of each series."""
    x_newest, y_newest = tile(frame, 0, width), tile(frame, 1, width)
    x_total, y_total, products = tile(frame, 2, width), tile(frame, 3, width), tile(frame, 4, width)
    x_squares, y_squares = tile(frame, 5, width), tile(frame, 6, width)
    for i in range(width):
        x, y = left[i] - x_newest[i], right[i] - y_newest[i]
        x_total[i] += x
        y_total[i] += y
        products[i] += x * y
        x_squares[i] += x * x
        y_squares[i] += y * y


@part_of_kernel
def pair_answer(frame: Frame, part: int, window: int, out: Floats) -> None:
    """Part 0 covariance, 1 correlation."""
    width = out.size
    x_total, y_total, products = tile(frame, 2, width), tile(frame, 3, width), tile(frame, 4, width)
    x_squares, y_squares = tile(frame, 5, width), tile(frame, 6, width)
    for i in range(width):
        together = products[i] - quotient(x_total[i] * y_total[i], window)
        if part == 0:
            out[i] = finite(quotient(together, window))
        else:
            x_spread = math.sqrt(max(x_squares[i] - quotient(x_total[i] * x_total[i], window), 0.0))
            y_spread = math.sqrt(max(y_squares[i] - quotient(y_total[i] * y_total[i], window), 0.0))
            # 0 / 0 for a constant side; rounding may step over 1 by its last bit.
            out[i] = finite(min(max(quotient(quotient(together, x_spread), y_spread), -1.0), 1.0))


@kernel(CALL)
def co_moments(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Population covariance and Pearson correlation; NaN where one of them is constant."""
    left, right = frame.offsets[words[0]], frame.offsets[words[1]]
    stride, size = frame.stride, frame.rows * frame.stride
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        start_pairs(frame, piece(frame, left, first, width), piece(frame, right, first, width), width)
        age = 0
        for group in range(words[2]):
            window = words[3 + 3 * group]
            while age + 2 <= window:
                pair_rows(
                    frame,
                    piece(frame, left - age * stride, first, width),
                    piece(frame, right - age * stride, first, width),
                    piece(frame, left - (age + 1) * stride, first, width),
                    piece(frame, right - (age + 1) * stride, first, width),
                    width,
                )
                age += 2
            while age < window:
                pair_row(
                    frame,
                    piece(frame, left - age * stride, first, width),
                    piece(frame, right - age * stride, first, width),
                    width,
                )
                age += 1
            out = piece(frame, frame.offsets[words[5 + 3 * group]], first, width)
            pair_answer(frame, words[4 + 3 * group], window, out)
