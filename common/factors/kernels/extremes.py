"""Folds for the smallest and largest value and their places; exact. words: as in moments."""

# ruff: noqa: ARG001, PLR0917  one call for all kernels

import math

from common.factors.kernels.build import TILE, Floats, Integers, kernel, part_of_kernel
from common.factors.kernels.memory import CALL, NOTHING, piece


@kernel(CALL)
def ts_min(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Smallest number in the window; NaN are left out."""
    source = offsets[words[0]]
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        best = work[:width]
        best[:] = NOTHING
        age = 0
        for group in range(words[1]):
            while age < words[2 + 2 * group]:
                row = piece(arena, values, source - age * stride, first, width)
                for i in range(width):
                    best[i] = best[i] if best[i] <= row[i] or row[i] != row[i] else row[i]
                age += 1
            piece(arena, values, offsets[words[3 + 2 * group]], first, width)[:] = best


@kernel(CALL)
def ts_max(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Largest number in the window; NaN are left out."""
    source = offsets[words[0]]
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        best = work[:width]
        best[:] = NOTHING
        age = 0
        for group in range(words[1]):
            while age < words[2 + 2 * group]:
                row = piece(arena, values, source - age * stride, first, width)
                for i in range(width):
                    best[i] = best[i] if best[i] >= row[i] or row[i] != row[i] else row[i]
                age += 1
            piece(arena, values, offsets[words[3 + 2 * group]], first, width)[:] = best


@part_of_kernel
def place_of_extreme(
    sign: float, arena: Floats, values: Floats, offsets: Integers, words: Integers, size: int, stride: int, work: Floats
) -> None:
    """Position, 1 for the oldest, of the oldest among the largest values of sign * x; NaN if any value is."""
    source = offsets[words[0]]
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        best, where = work[:width], work[TILE : TILE + width]
        newest = piece(arena, values, source, first, width)
        for i in range(width):
            best[i], where[i] = sign * newest[i], 0.0
        age = 1
        for group in range(words[1]):
            window = words[2 + 2 * group]
            while age < window:
                row = piece(arena, values, source - age * stride, first, width)
                for i in range(width):
                    value = sign * row[i]
                    # Once NaN, always NaN: neither comparison lets a number in again.
                    taken = value >= best[i] or math.isnan(value)
                    where[i] = age if taken else where[i]
                    best[i] = value if taken else best[i]
                age += 1
            out = piece(arena, values, offsets[words[3 + 2 * group]], first, width)
            for i in range(width):
                out[i] = window - where[i] if best[i] == best[i] else NOTHING


@kernel(CALL)
def ts_argmax(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Position of the largest value, 1 for the oldest bar; the oldest among equals."""
    place_of_extreme(1.0, arena, values, offsets, words, size, stride, work)


@kernel(CALL)
def ts_argmin(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Position of the smallest value, 1 for the oldest bar; the oldest among equals."""
    place_of_extreme(-1.0, arena, values, offsets, words, size, stride, work)
