"""Reductions over the symbols of a section: sequential, ascending symbol order, members with a number only.

No other symbol's presence or place in memory touches a bit. Shards hold ascending symbols, so they are gone through in
order. words: input, result.
"""

import math
from typing import NamedTuple

from numba import types

from common.factors.kernels.build import Booleans, Floats, Integers
from common.factors.kernels.lean import kernel, part_of_kernel, view_of_memory
from common.factors.kernels.memory import FLOATS, INTEGERS, NOTHING, SCRATCH, finite, tuple_type


class Sections(NamedTuple):
    """Sections of all shards: arena[k], values[k] and offsets as in Frame, and who stands where.

    place[b,s]: own row or -1; member[b,s]; stride: symbols in a shard. Room for work on one section: found, its numbers
    (bits: the same memory as whole numbers); answers; where, the symbols they are of; more.
    """

    arena: Floats
    values: Floats
    offsets: Integers
    place: Integers
    member: Booleans
    stride: int
    found: Floats
    bits: Integers
    answers: Floats
    where: Integers
    more: Integers


_TABLE = types.float64[:, ::1]
SECTIONS = tuple_type(
    (
        _TABLE,
        _TABLE,
        INTEGERS,
        types.int64[:, ::1],
        types.boolean[:, ::1],
        types.int64,
        FLOATS,
        INTEGERS,
        FLOATS,
        INTEGERS,
        INTEGERS,
    ),
    Sections,
)
SECTION_CALL = types.void(SECTIONS, INTEGERS)
"""sections, words."""


@view_of_memory
def run_of(sections: Sections, operand: int, shard: int) -> Floats:
    """Return a shard's memory from an operand's run on."""
    offset = sections.offsets[operand]
    if offset < SCRATCH:
        return sections.arena[shard, offset:]
    return sections.values[shard, offset - SCRATCH :]


@part_of_kernel
def gather(sections: Sections, operand: int, row: int) -> int:
    """Collect the numbers of a section's members, and which symbols they are of; return how many."""
    stride, symbols = sections.stride, sections.place.shape[1]
    count = 0
    for first in range(0, symbols, stride):
        source = run_of(sections, operand, first // stride)
        for symbol in range(first, min(first + stride, symbols)):
            own_row = sections.place[row, symbol]
            if sections.member[row, symbol] and own_row >= 0:
                value = source[own_row * stride + symbol - first]
                if value == value:  # noqa: PLR0124  only NaN differs from itself
                    sections.found[count], sections.where[count] = value, symbol
                    count += 1
    return count


@part_of_kernel
def clear(sections: Sections, operand: int) -> None:
    """Fill a result with NaN: who gets no number has none."""
    rows, symbols = sections.place.shape
    for first in range(0, symbols, sections.stride):
        run_of(sections, operand, first // sections.stride)[: rows * sections.stride] = NOTHING


@part_of_kernel
def give(sections: Sections, operand: int, row: int, count: int, answers: Floats) -> None:
    """Hand the answers to the symbols the numbers came from."""
    stride = sections.stride
    done = 0
    while done < count:
        shard = sections.where[done] // stride
        out, first = run_of(sections, operand, shard), shard * stride
        while done < count and sections.where[done] < first + stride:
            symbol = sections.where[done]
            out[sections.place[row, symbol] * stride + symbol - first] = answers[done]
            done += 1


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
def over_sections(operator: int, sections: Sections, words: Integers) -> None:
    """Give each section's one number to all who made it, or each its share of it (operator 3)."""
    clear(sections, words[1])
    found = sections.found
    for row in range(sections.place.shape[0]):
        count = gather(sections, words[0], row)
        number = finite(reduce_section(operator, found, count))
        for i in range(count):
            if operator == 3:
                found[i] = finite(found[i] / number) if number != 0.0 else 0.0
            else:
                found[i] = number
        give(sections, words[1], row, count, found)


@kernel(SECTION_CALL)
def cs_sum(sections: Sections, words: Integers) -> None:
    """Sum of the section."""
    over_sections(0, sections, words)


@kernel(SECTION_CALL)
def cs_mean(sections: Sections, words: Integers) -> None:
    """Mean of the section."""
    over_sections(1, sections, words)


@kernel(SECTION_CALL)
def cs_std(sections: Sections, words: Integers) -> None:
    """Sample standard deviation of the section; NaN for fewer than two numbers."""
    over_sections(2, sections, words)


@kernel(SECTION_CALL)
def cs_scale(sections: Sections, words: Integers) -> None:
    """Value over the section's sum of absolute values; 0 where that sum is."""
    over_sections(3, sections, words)
