"""Folds by age: the least-squares line through a window against 0, 1, 2 ... from its oldest bar, and linear weights.

Values are taken about the newest one, and ages counted from it, so that a shorter window is the beginning of a longer
one. words: as in sums.
"""

# ruff: noqa: ARG001, PLR0917  one call for all kernels; numba calls by place

from common.factors.kernels.build import TILE, Floats, Integers
from common.factors.kernels.lean import kernel, part_of_kernel
from common.factors.kernels.memory import CALL, Frame, finite, piece, quotient, tile


@part_of_kernel
def age_row(age: float, newest: Floats, total: Floats, aged: Floats, squares: Floats, row: Floats) -> None:
    """Take one row of the given age."""
    for i in range(row.size):
        away = row[i] - newest[i]
        total[i] += away
        aged[i] += age * away
        squares[i] += away * away


@part_of_kernel
def age_rows(
    age: float, newest: Floats, total: Floats, aged: Floats, squares: Floats, a: Floats, b: Floats, c: Floats, d: Floats
) -> None:
    """Take four rows one after another, the first of the given age."""
    for i in range(a.size):
        start = newest[i]
        x, y, z, w = a[i] - start, b[i] - start, c[i] - start, d[i] - start
        total[i] = total[i] + x + y + z + w
        aged[i] = aged[i] + age * x + (age + 1.0) * y + (age + 2.0) * z + (age + 3.0) * w
        squares[i] = squares[i] + x * x + y * y + z * z + w * w


@part_of_kernel
def answer(part: int, n: int, newest: Floats, total: Floats, aged: Floats, squares: Floats, out: Floats) -> None:
    """Part 0 slope, 1 R squared, 2 residual of the newest bar, 3 mean with weights n (newest) to 1."""
    age_spread = n * (n * n - 1.0) / 12.0
    middle, weights = (n - 1) / 2.0, n * (n + 1) / 2.0
    for i in range(out.size):
        # Ages run against time, hence the sign.
        together = total[i] * middle - aged[i]
        if part == 0:
            out[i] = finite(quotient(together, age_spread))
        elif part == 1:
            spread = squares[i] - quotient(total[i] * total[i], n)
            out[i] = finite(min(quotient(together, age_spread) * quotient(together, spread), 1.0))
        elif part == 2:
            out[i] = finite(-(quotient(total[i], n) + quotient(together, age_spread) * middle))
        else:
            out[i] = finite(newest[i] + quotient(n * total[i] - aged[i], weights))


@kernel(CALL)
def lines(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Fold sums, sums by age and squares about the newest value."""
    source, stride, size = frame.offsets[words[0]], frame.stride, frame.rows * frame.stride
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        total, aged, squares = tile(frame, 0, width), tile(frame, 1, width), tile(frame, 2, width)
        total[:], aged[:], squares[:] = 0.0, 0.0, 0.0
        newest = piece(frame, source, first, width)
        age = 0
        for group in range(words[1]):
            window = words[2 + 3 * group]
            while age + 4 <= window:
                age_rows(
                    age,
                    newest,
                    total,
                    aged,
                    squares,
                    piece(frame, source - age * stride, first, width),
                    piece(frame, source - (age + 1) * stride, first, width),
                    piece(frame, source - (age + 2) * stride, first, width),
                    piece(frame, source - (age + 3) * stride, first, width),
                )
                age += 4
            while age < window:
                age_row(age, newest, total, aged, squares, piece(frame, source - age * stride, first, width))
                age += 1
            out = piece(frame, frame.offsets[words[4 + 3 * group]], first, width)
            answer(words[3 + 3 * group], window, newest, total, aged, squares, out)
