"""Between sections and the symbols' own clocks: numbering bars, loading columns, spreading results."""

# ruff: noqa: PLR0917  numba calls by place

from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from common.factors.kernels.build import Booleans, Floats, Integers
from common.factors.kernels.lean import kernel, part_of_kernel
from common.factors.kernels.memory import CALL, INTEGERS, NOTHING, Frame, finite, tuple_type, whole
from common.factors.kernels.streaming import hand_out


class Bars(NamedTuple):
    """A block's bars, and what becomes of them: columns[c,b,s], present[b,s]; place[b,s] is filled with own rows or -1.

    own[s], counts[s], last[s]: bars in this chunk, bars so far, section of the last one; section: number of row 0;
    out[f,b,s], warm[b,s]: filled; warm_bars: bars it takes.
    """

    columns: Floats
    present: Booleans
    place: Integers
    own: Integers
    counts: Integers
    last: Integers
    section: int
    out: Floats
    warm: NDArray[np.uint8]
    warm_bars: int


BARS = tuple_type(
    (
        types.float64[:, :, ::1],
        types.boolean[:, ::1],
        types.int64[:, ::1],
        INTEGERS,
        INTEGERS,
        INTEGERS,
        types.int64,
        types.float64[:, :, ::1],
        types.uint8[:, ::1],
        types.int64,
    ),
    Bars,
)


@part_of_kernel
def number_bars(bars: Bars, first: int, rows: int, begin: int, end: int) -> None:
    """Fill `place` with each symbol's own row of a bar in this chunk, or -1, and `own` with its bars."""
    own = bars.own
    for symbol in range(begin, end):
        own[symbol] = 0
    for row in range(first, first + rows):
        for symbol in range(begin, end):
            there = bars.present[row, symbol]
            bars.place[row, symbol] = own[symbol] if there else -1
            own[symbol] += 1 if there else 0


@part_of_kernel
def gapless(bars: Bars, rows: int, begin: int, end: int) -> bool:
    """Tell whether nobody misses a bar of this chunk."""
    total = 0
    for symbol in range(begin, end):
        total += bars.own[symbol]
    return total == rows * (end - begin)


@part_of_kernel
def load(bars: Bars, column: int, target: Floats, first: int, rows: int, begin: int, end: int, stride: int) -> None:
    """Write a column to its run, each symbol on its own clock, NaN behind its last bar."""
    if rows == 1:
        for i in range(end - begin):
            value = bars.columns[column, first, begin + i]
            target[i] = finite(value) if bars.present[first, begin + i] else NOTHING
        return
    if not gapless(bars, rows, begin, end):
        target[:] = NOTHING
    for row in range(first, first + rows):
        for i in range(end - begin):
            own_row = bars.place[row, begin + i]
            if own_row >= 0:
                target[own_row * stride + i] = finite(bars.columns[column, row, begin + i])


@part_of_kernel
def spread(bars: Bars, factor: int, source: Floats, first: int, rows: int, begin: int, end: int, stride: int) -> None:
    """Hand a factor's run out, from own clocks to sections; NaN where there is no bar."""
    for row in range(first, first + rows):
        out = bars.out[factor, row, begin:end]
        place = bars.place[row, begin:end]
        if rows == 1:
            hand_out(out, source, place)
        else:
            for i in range(out.size):
                out[i] = source[place[i] * stride + i] if place[i] >= 0 else NOTHING


@part_of_kernel
def mark_warm(bars: Bars, first: int, rows: int, begin: int, end: int) -> None:
    """Tell which bars are warm."""
    for row in range(first, first + rows):
        for symbol in range(begin, end):
            number = bars.counts[symbol] + bars.place[row, symbol] + 1
            bars.warm[row, symbol] = 1 if bars.present[row, symbol] and number >= bars.warm_bars else 0


@part_of_kernel
def count_bars(bars: Bars, first: int, rows: int, begin: int, end: int) -> None:
    """Count each symbol's bars, and remember the section of its last one."""
    for row in range(first, first + rows):
        for symbol in range(begin, end):
            bars.last[symbol] = bars.section + row if bars.present[row, symbol] else bars.last[symbol]
    for symbol in range(begin, end):
        bars.counts[symbol] += bars.own[symbol]


@kernel(CALL)
def lead(frame: Frame, words: Integers, numbers: Floats) -> None:  # noqa: ARG001  one call for all kernels
    """Take each value from words[2] own bars ahead, NaN past the symbol's last; words: input, result, distance."""
    source, out, stride = whole(frame, words[0]), whole(frame, words[1]), frame.stride
    for row in range(frame.rows):
        for symbol in range(stride):
            ahead = row + words[2]
            out[row * stride + symbol] = source[ahead * stride + symbol] if ahead < frame.own[symbol] else NOTHING
