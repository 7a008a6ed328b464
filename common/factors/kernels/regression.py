"""Least-squares line through a window against 0, 1, 2 ... from its oldest bar: slope, R squared, last residual.

Values are taken about the newest one, and ages counted from it, so that a shorter window is the beginning of a longer
one. words: as in moments.
"""

# ruff: noqa: ARG001, PLR0917  one call for all kernels

from common.factors.kernels.build import TILE, Floats, Integers, kernel, part_of_kernel
from common.factors.kernels.memory import CALL, finite, piece, quotient


@part_of_kernel
def regress(
    part: int, arena: Floats, values: Floats, offsets: Integers, words: Integers, size: int, stride: int, work: Floats
) -> None:
    """Fold sums, sums by age and squares; part 0 slope, 1 R squared, 2 residual of the newest bar."""
    source = offsets[words[0]]
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        total, aged, squares = work[:width], work[TILE : TILE + width], work[2 * TILE : 2 * TILE + width]
        total[:], aged[:], squares[:] = 0.0, 0.0, 0.0
        newest = piece(arena, values, source, first, width)
        age = 0
        for group in range(words[1]):
            n = words[2 + 2 * group]
            while age < n:
                row = piece(arena, values, source - age * stride, first, width)
                for i in range(width):
                    away = row[i] - newest[i]
                    total[i] += away
                    aged[i] += age * away
                    squares[i] += away * away
                age += 1
            out = piece(arena, values, offsets[words[3 + 2 * group]], first, width)
            age_spread = n * (n * n - 1.0) / 12.0
            for i in range(width):
                # Ages run against time, hence the sign.
                together = total[i] * ((n - 1) / 2.0) - aged[i]
                if part == 0:
                    out[i] = finite(quotient(together, age_spread))
                elif part == 1:
                    spread = squares[i] - quotient(total[i] * total[i], n)
                    out[i] = finite(min(quotient(together, age_spread) * quotient(together, spread), 1.0))
                else:
                    out[i] = finite(-(quotient(total[i], n) + quotient(together, age_spread) * ((n - 1) / 2.0)))


@kernel(CALL)
def ts_slope(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Slope of the line, per bar."""
    regress(0, arena, values, offsets, words, size, stride, work)


@kernel(CALL)
def ts_rsquare(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Share of the variance the line explains; NaN for a constant window."""
    regress(1, arena, values, offsets, words, size, stride, work)


@kernel(CALL)
def ts_resi(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Newest value minus the line there."""
    regress(2, arena, values, offsets, words, size, stride, work)
