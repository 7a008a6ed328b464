"""Kernels over the symbols of a section: sequential, in ascending symbol order, rows that count only.

values[c,b,s] is changed in place in the columns `which`; found, where: room for one section's numbers and places.
"""

import math

from common.factors.kernels.build import Booleans, Floats, Integers, kernel, part_of_kernel
from common.factors.kernels.memory import LARGEST, NOTHING, finite, quotient
from common.factors.kernels.ranks import ascending
from common.factors.processors.median import clipped, median, middle_pair

_SECTION = "void(f8[:,:,::1], i8[::1], b1[:,::1], f8[::1], i8[::1])"
ROBUST_LIMIT = 3.0
TO_DEVIATION = 1.4826
"""A normal variable's standard deviation over its median absolute deviation, in the digits vnpy and Qlib use."""
RANK_WIDTH = 3.46
"""Spreads ranks in (0, 1] to about unit variance: vnpy's and Qlib's 2 sqrt(3)."""


@part_of_kernel
def gather(section: Floats, rows: Booleans, found: Floats, where: Integers) -> int:
    """Collect a section's finite numbers among the rows that count, and their symbols; return how many."""
    count = 0
    for symbol in range(section.size):
        if rows[symbol] and abs(section[symbol]) <= LARGEST:
            found[count], where[count] = section[symbol], symbol
            count += 1
    return count


@part_of_kernel
def mean_from_first(found: Floats, count: int) -> float:
    """How far the mean lies from the first number: a constant section has 0, and no digits are lost in others."""
    total = 0.0
    for i in range(count):
        total += found[i] - found[0]
    return total / count


@kernel(_SECTION)
def fill_sections(values: Floats, which: Integers, rows: Booleans, found: Floats, where: Integers) -> None:
    """Give what is missing the mean of its section; in a section without a number it stays missing."""
    for column in which:
        for row in range(rows.shape[0]):
            section = values[column, row]
            count = gather(section, rows[row], found, where)
            mean = finite(found[0] + mean_from_first(found, count)) if count > 0 else NOTHING
            for symbol in range(section.size):
                if rows[row, symbol] and not abs(section[symbol]) <= LARGEST:
                    section[symbol] = mean


@part_of_kernel
def missing_else_kept(section: Floats, rows: Booleans) -> None:
    """Make infinite values missing."""
    for symbol in range(section.size):
        if rows[symbol]:
            section[symbol] = finite(section[symbol])


@kernel(_SECTION)
def score_sections(values: Floats, which: Integers, rows: Booleans, found: Floats, where: Integers) -> None:
    """Turn numbers into their distance from the section's mean, in sample standard deviations."""
    for column in which:
        for row in range(rows.shape[0]):
            section = values[column, row]
            missing_else_kept(section, rows[row])
            count = gather(section, rows[row], found, where)
            if count > 0:
                first, mean, squares = found[0], mean_from_first(found, count), 0.0
                for i in range(count):
                    found[i] = found[i] - first - mean
                    squares += found[i] * found[i]
                spread = math.sqrt(quotient(squares, count - 1.0))
                for i in range(count):
                    section[where[i]] = finite(quotient(found[i], spread))


@kernel(_SECTION)
def score_sections_robustly(values: Floats, which: Integers, rows: Booleans, found: Floats, where: Integers) -> None:
    """Turn numbers into their distance from the section's median, in median absolute deviations, at most 3."""
    for column in which:
        for row in range(rows.shape[0]):
            section = values[column, row]
            missing_else_kept(section, rows[row])
            count = gather(section, rows[row], found, where)
            if count > 0:
                below, above = middle_pair(found, count)
                for i in range(count):
                    number = section[where[i]]
                    # The mean of the middle two would be rounded; the distances from them are not.
                    section[where[i]] = ((number - below) + (number - above)) / 2.0
                    found[i] = abs(section[where[i]])
                spread = median(found, count)
                for i in range(count):
                    score = finite(quotient(quotient(section[where[i]], spread), TO_DEVIATION))
                    section[where[i]] = clipped(score, ROBUST_LIMIT)


@kernel(_SECTION)
def rank_sections(values: Floats, which: Integers, rows: Booleans, found: Floats, where: Integers) -> None:
    """Turn numbers into their rank over the count of numbers, less a half, times 3.46; equals share their mean rank."""
    for column in which:
        for row in range(rows.shape[0]):
            section = values[column, row]
            missing_else_kept(section, rows[row])
            count = gather(section, rows[row], found, where)
            order = ascending(found[:count])
            start = 0
            while start < count:
                end = start + 1
                while end < count and found[order[end]] == found[order[start]]:
                    end += 1
                score = ((start + 1 + end) / 2.0 / count - 0.5) * RANK_WIDTH
                for i in range(start, end):
                    section[where[order[i]]] = score
                start = end
