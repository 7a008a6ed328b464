"""Kernels that learn numbers from a training span, and that use them; values[c,b,s], columns `which`, rows that count.

Sums run section by section and in ascending symbol order, about the first number, so that a constant column is exact.
"""

# ruff: noqa: PLR0917  numba calls by place

import math

from common.factors.kernels.build import Booleans, Floats, Integers, kernel, part_of_kernel
from common.factors.kernels.memory import LARGEST, NOTHING, finite, quotient
from common.factors.processors.median import clipped, median


@part_of_kernel
def gather_all(column: Floats, rows: Booleans, found: Floats) -> int:
    """Collect a column's finite numbers among the rows that count; return how many."""
    count = 0
    for row in range(rows.shape[0]):
        for symbol in range(rows.shape[1]):
            if rows[row, symbol] and abs(column[row, symbol]) <= LARGEST:
                found[count] = column[row, symbol]
                count += 1
    return count


@kernel("void(f8[:,:,::1], i8[::1], b1[:,::1], f8[::1], f8[::1], f8[::1])")
def learn_moments(values: Floats, which: Integers, rows: Booleans, found: Floats, mean: Floats, spread: Floats) -> None:
    """Mean and population standard deviation of each column."""
    for i in range(which.size):
        count = gather_all(values[which[i]], rows, found)
        mean[i], spread[i] = NOTHING, NOTHING
        if count > 0:
            total, squares = 0.0, 0.0
            for k in range(count):
                total += found[k] - found[0]
            for k in range(count):
                away = found[k] - found[0] - total / count
                squares += away * away
            mean[i], spread[i] = finite(found[0] + total / count), finite(math.sqrt(squares / count))


@kernel("void(f8[:,:,::1], i8[::1], b1[:,::1], f8[::1], f8[::1], f8[::1])")
def learn_medians(
    values: Floats, which: Integers, rows: Booleans, found: Floats, middle: Floats, spread: Floats
) -> None:
    """Median, and median absolute deviation from it, of each column."""
    for i in range(which.size):
        count = gather_all(values[which[i]], rows, found)
        middle[i], spread[i] = NOTHING, NOTHING
        if count > 0:
            middle[i] = median(found, count)
            for k in range(count):
                found[k] = abs(found[k] - middle[i])
            spread[i] = finite(median(found, count))


@kernel("void(f8[:,:,::1], i8[::1], b1[:,::1], f8[:,::1])")
def learn_symbol_means(values: Floats, which: Integers, rows: Booleans, mean: Floats) -> None:
    """Mean of each column and symbol, about its first number."""
    for i in range(which.size):
        for symbol in range(rows.shape[1]):
            first, total, count = NOTHING, 0.0, 0
            for row in range(rows.shape[0]):
                number = values[which[i], row, symbol]
                if rows[row, symbol] and abs(number) <= LARGEST:
                    first = number if count == 0 else first
                    total += number - first
                    count += 1
            mean[i, symbol] = finite(first + quotient(total, count))


@kernel("void(f8[:,:,::1], i8[::1], b1[:,::1], f8[::1], f8[::1], f8)")
def standardise(values: Floats, which: Integers, rows: Booleans, middle: Floats, spread: Floats, limit: float) -> None:
    """(x - middle) / spread, at most `limit` away from 0; a column without spread stays as it is."""
    for i in range(which.size):
        for row in range(rows.shape[0]):
            for symbol in range(rows.shape[1]):
                if rows[row, symbol]:
                    number = finite(values[which[i], row, symbol])
                    if spread[i] != 0.0:
                        number = finite(quotient(number - middle[i], spread[i]))
                    values[which[i], row, symbol] = clipped(number, limit)


@kernel("void(f8[:,:,::1], i8[::1], b1[:,::1], f8[:,::1])")
def replace_infinite(values: Floats, which: Integers, rows: Booleans, mean: Floats) -> None:
    """Put mean[i,s] in the place of infinite values of column which[i]."""
    for i in range(which.size):
        for row in range(rows.shape[0]):
            for symbol in range(rows.shape[1]):
                if rows[row, symbol] and abs(values[which[i], row, symbol]) > LARGEST:
                    values[which[i], row, symbol] = mean[i, symbol]


@kernel("void(f8[:,:,::1], i8[::1], b1[:,::1], f8)")
def fill(values: Floats, which: Integers, rows: Booleans, number: float) -> None:
    """Put `number` in the place of what is missing."""
    for column in which:
        for row in range(rows.shape[0]):
            for symbol in range(rows.shape[1]):
                if rows[row, symbol] and not abs(values[column, row, symbol]) <= LARGEST:
                    values[column, row, symbol] = number


@kernel("void(f8[:,:,::1], i8[::1], b1[:,::1])")
def drop_rows(values: Floats, which: Integers, rows: Booleans) -> None:
    """Let rows no longer count in which any of the columns is missing."""
    for column in which:
        for row in range(rows.shape[0]):
            for symbol in range(rows.shape[1]):
                if not abs(values[column, row, symbol]) <= LARGEST:
                    rows[row, symbol] = False
