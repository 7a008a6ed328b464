"""Folds of one series: means and deviations of the numbers in a window; words: as in sums.

Second moments are taken about the newest value of the window: its own spread bounds how far that value lies from the
mean, so no digits are lost, and a constant window gives exact zeros.
"""

# ruff: noqa: ARG001, PLR0917  one call for all kernels; numba calls by place

import math

from common.factors.kernels.build import TILE, Floats, Integers
from common.factors.kernels.lean import kernel, part_of_kernel
from common.factors.kernels.memory import CALL, NOTHING, Frame, finite, piece, quotient, tile


@part_of_kernel
def take(x: float, shift: float, total: float, squares: float, count: float) -> tuple[float, float, float, float]:
    """Add one value about the first number found; NaN is left out."""
    known = x == x  # noqa: PLR0124  only NaN differs from itself
    start = shift if shift == shift else x  # noqa: PLR0124  as above
    away = x - start if known else 0.0
    return start, total + away, squares + away * away, count + (1.0 if known else 0.0)


@part_of_kernel
def take_row(shift: Floats, total: Floats, squares: Floats, count: Floats, row: Floats) -> None:
    """Take one row."""
    for i in range(row.size):
        shift[i], total[i], squares[i], count[i] = take(row[i], shift[i], total[i], squares[i], count[i])


@part_of_kernel
def take_rows(
    shift: Floats, total: Floats, squares: Floats, count: Floats, a: Floats, b: Floats, c: Floats, d: Floats
) -> None:
    """Take four rows one after another."""
    for i in range(a.size):
        h, t, q, n = take(a[i], shift[i], total[i], squares[i], count[i])
        h, t, q, n = take(b[i], h, t, q, n)
        h, t, q, n = take(c[i], h, t, q, n)
        shift[i], total[i], squares[i], count[i] = take(d[i], h, t, q, n)


@part_of_kernel
def add_known(newest: Floats, total: Floats, a: Floats, b: Floats, c: Floats, d: Floats) -> None:
    """Add four rows of numbers about the newest."""
    for i in range(a.size):
        start = newest[i]
        total[i] = total[i] + (a[i] - start) + (b[i] - start) + (c[i] - start) + (d[i] - start)


@part_of_kernel
def take_known(newest: Floats, total: Floats, squares: Floats, a: Floats, b: Floats, c: Floats, d: Floats) -> None:
    """Take four rows of numbers one after another."""
    for i in range(a.size):
        start = newest[i]
        x, y, z, w = a[i] - start, b[i] - start, c[i] - start, d[i] - start
        total[i] = total[i] + x + y + z + w
        squares[i] = squares[i] + x * x + y * y + z * z + w * w


@part_of_kernel
def take_known_row(newest: Floats, total: Floats, squares: Floats, row: Floats) -> None:
    """Take one row of numbers."""
    for i in range(row.size):
        away = row[i] - newest[i]
        total[i] += away
        squares[i] += away * away


@part_of_kernel
def average(part: int, shift: Floats, total: Floats, squares: Floats, count: Floats, out: Floats) -> None:
    """Part 0 mean, 1 population standard deviation."""
    if part == 0:
        for i in range(out.size):
            out[i] = finite(shift[i] + quotient(total[i], count[i]))
    else:
        for i in range(out.size):
            mean = quotient(total[i], count[i])
            out[i] = finite(math.sqrt(max(quotient(squares[i], count[i]) - mean * mean, 0.0)))


@part_of_kernel
def all_known(total: Floats) -> bool:
    """Tell whether no sum met a NaN."""
    unknown = 0
    for i in range(total.size):
        unknown += 1 if total[i] != total[i] else 0
    return unknown == 0


@part_of_kernel
def average_numbers(frame: Frame, words: Integers, first: int, width: int, spread: bool) -> bool:  # noqa: FBT001
    """Carry out `averages` on a tile of windows that hold numbers only; False if they do not: then nothing counts."""
    source, stride = frame.offsets[words[0]], frame.stride
    newest = piece(frame, source, first, width)
    total, squares, count = tile(frame, 1, width), tile(frame, 2, width), tile(frame, 3, width)
    total[:], squares[:] = 0.0, 0.0
    age = 0
    for group in range(words[1]):
        window = words[2 + 3 * group]
        while age + 4 <= window:
            a = piece(frame, source - age * stride, first, width)
            b = piece(frame, source - (age + 1) * stride, first, width)
            c = piece(frame, source - (age + 2) * stride, first, width)
            d = piece(frame, source - (age + 3) * stride, first, width)
            if spread:
                take_known(newest, total, squares, a, b, c, d)
            else:
                add_known(newest, total, a, b, c, d)
            age += 4
        while age < window:
            take_known_row(newest, total, squares, piece(frame, source - age * stride, first, width))
            age += 1
        count[:] = window
        out = piece(frame, frame.offsets[words[4 + 3 * group]], first, width)
        average(words[3 + 3 * group], newest, total, squares, count, out)
    return all_known(total)


@part_of_kernel
def average_known(frame: Frame, words: Integers, first: int, width: int) -> None:
    """Carry out `averages` on a tile, leaving NaN out."""
    source, stride = frame.offsets[words[0]], frame.stride
    shift, total = tile(frame, 0, width), tile(frame, 1, width)
    squares, count = tile(frame, 2, width), tile(frame, 3, width)
    shift[:], total[:], squares[:], count[:] = NOTHING, 0.0, 0.0, 0.0
    age = 0
    for group in range(words[1]):
        window = words[2 + 3 * group]
        while age + 4 <= window:
            take_rows(
                shift,
                total,
                squares,
                count,
                piece(frame, source - age * stride, first, width),
                piece(frame, source - (age + 1) * stride, first, width),
                piece(frame, source - (age + 2) * stride, first, width),
                piece(frame, source - (age + 3) * stride, first, width),
            )
            age += 4
        while age < window:
            take_row(shift, total, squares, count, piece(frame, source - age * stride, first, width))
            age += 1
        out = piece(frame, frame.offsets[words[4 + 3 * group]], first, width)
        average(words[3 + 3 * group], shift, total, squares, count, out)


@kernel(CALL)
def averages(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Over the numbers of windows: part 0 mean, 1 population standard deviation; NaN are left out."""
    size, spread = frame.rows * frame.stride, False
    for group in range(words[1]):
        spread |= words[3 + 3 * group] == 1
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        # Windows without NaN, nearly all, need neither a count nor a choice; the bits are the same.
        if not average_numbers(frame, words, first, width, spread):
            average_known(frame, words, first, width)
