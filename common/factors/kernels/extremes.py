"""Folds for the smallest and largest value and their places; exact. words: as in sums."""

# ruff: noqa: ARG001, PLR0124, PLR0917  one call for all kernels; only NaN differs from itself; numba calls by place

from common.factors.kernels.build import TILE, Floats, Integers
from common.factors.kernels.lean import kernel, part_of_kernel
from common.factors.kernels.memory import CALL, NOTHING, Frame, piece, tile


@part_of_kernel
def raise_best(sign: float, best: Floats, row: Floats) -> None:
    """Keep the largest sign * x; NaN are left out."""
    for i in range(row.size):
        value = sign * row[i]
        best[i] = best[i] if best[i] >= value or value != value else value


@part_of_kernel
def raise_place(sign: float, age: float, best: Floats, where: Floats, unknown: Floats, row: Floats) -> None:
    """Keep the largest sign * x, the age of the oldest of equals, and whether a NaN was met."""
    for i in range(row.size):
        value = sign * row[i]
        where[i] = age if value >= best[i] or best[i] != best[i] else where[i]
        best[i] = best[i] if best[i] >= value or value != value else value
        unknown[i] += value - value


@part_of_kernel
def extremes(sign: float, frame: Frame, words: Integers) -> None:
    """Part 0 the largest sign * x, times sign; 1 its position, 1 for the oldest bar, the oldest among equals."""
    source, stride, size = frame.offsets[words[0]], frame.stride, frame.rows * frame.stride
    placed = False
    for group in range(words[1]):
        placed |= words[3 + 3 * group] == 1
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        best, where, unknown = tile(frame, 0, width), tile(frame, 1, width), tile(frame, 2, width)
        best[:], where[:], unknown[:] = NOTHING, 0.0, 0.0
        age = 0
        for group in range(words[1]):
            window = words[2 + 3 * group]
            while age < window:
                row = piece(frame, source - age * stride, first, width)
                if placed:
                    raise_place(sign, age, best, where, unknown, row)
                else:
                    raise_best(sign, best, row)
                age += 1
            out = piece(frame, frame.offsets[words[4 + 3 * group]], first, width)
            if words[3 + 3 * group] == 0:
                for i in range(width):
                    out[i] = sign * best[i]
            else:
                for i in range(width):
                    out[i] = window - where[i] if unknown[i] == 0.0 else NOTHING


@kernel(CALL)
def largest(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Largest value (part 0) and its position (1)."""
    extremes(1.0, frame, words)


@kernel(CALL)
def smallest(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Smallest value (part 0) and its position (1)."""
    extremes(-1.0, frame, words)
