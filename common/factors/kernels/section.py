"""Reductions over the symbols of a section: sequential, ascending symbol order, members with a number only.

No other symbol's presence or place in memory touches a bit. words: input, result.
"""

# ruff: noqa: PLR0917  numba calls by place

import math

from common.factors.kernels.build import Booleans, Floats, Integers, kernel, part_of_kernel
from common.factors.kernels.memory import NOTHING, finite, piece

SECTION_CALL = "void(f8[::1], f8[::1], i8[::1], i8[::1], i8[:, ::1], b1[:, ::1], f8[::1], i8[::1])"
"""arena, values, offsets, words; place[b,s] (own row or -1), member[b,s]; room for a section's numbers and places."""


@part_of_kernel
def gather(source: Floats, place: Integers, member: Booleans, row: int, found: Floats, where: Integers) -> int:
    """Collect the numbers of a section's members with their places in the run; return how many."""
    stride = place.shape[1]
    count = 0
    for symbol in range(stride):
        if member[row, symbol] and place[row, symbol] >= 0:
            at = place[row, symbol] * stride + symbol
            if source[at] == source[at]:
                found[count], where[count] = source[at], at
                count += 1
    return count


@part_of_kernel
def add_up(found: Floats, count: int) -> float:
    """Sum in ascending symbol order."""
    total = 0.0
    for i in range(count):
        total += found[i]
    return total


@part_of_kernel
def reduce_section(operator: int, found: Floats, count: int) -> float:
    """One number for a section: 0 sum, 1 mean, 2 sample standard deviation, 3 sum of absolute values."""
    if operator == 0:
        return add_up(found, count)
    if operator == 3:
        total = 0.0
        for i in range(count):
            total += abs(found[i])
        return total
    # About the first number, as a constant section must give its number and exactly 0.
    total = 0.0
    for i in range(count):
        total += found[i] - found[0]
    mean = total / count
    if operator == 1:
        middle: float = found[0] + mean
        return middle
    squares = 0.0
    for i in range(count):
        away = found[i] - found[0] - mean
        squares += away * away
    spread: float = math.sqrt(squares / (count - 1))
    return spread


@part_of_kernel
def over_sections(
    operator: int,
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    place: Integers,
    member: Booleans,
    found: Floats,
    where: Integers,
) -> None:
    """Give each section's one number to all who made it, or each its share of it (operator 3)."""
    rows, stride = place.shape
    source = piece(arena, values, offsets[words[0]], 0, rows * stride)
    out = piece(arena, values, offsets[words[1]], 0, rows * stride)
    out[:] = NOTHING
    for row in range(rows):
        count = gather(source, place, member, row, found, where)
        number = finite(reduce_section(operator, found, count))
        for i in range(count):
            if operator == 3:
                out[where[i]] = finite(found[i] / number) if number != 0.0 else 0.0
            else:
                out[where[i]] = number


@kernel(SECTION_CALL)
def cs_sum(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    place: Integers,
    member: Booleans,
    found: Floats,
    where: Integers,
) -> None:
    """Sum of the section."""
    over_sections(0, arena, values, offsets, words, place, member, found, where)


@kernel(SECTION_CALL)
def cs_mean(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    place: Integers,
    member: Booleans,
    found: Floats,
    where: Integers,
) -> None:
    """Mean of the section."""
    over_sections(1, arena, values, offsets, words, place, member, found, where)


@kernel(SECTION_CALL)
def cs_std(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    place: Integers,
    member: Booleans,
    found: Floats,
    where: Integers,
) -> None:
    """Sample standard deviation of the section; NaN for fewer than two numbers."""
    over_sections(2, arena, values, offsets, words, place, member, found, where)


@kernel(SECTION_CALL)
def cs_scale(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    place: Integers,
    member: Booleans,
    found: Floats,
    where: Integers,
) -> None:
    """Value over the section's sum of absolute values; 0 where that sum is."""
    over_sections(3, arena, values, offsets, words, place, member, found, where)
