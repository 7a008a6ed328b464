"""Between sections and the symbols' own clocks: numbering bars, loading columns, spreading results, moving history."""

# ruff: noqa: PLR0917  numba calls by place

from common.factors.kernels.build import Booleans, Floats, Integers, kernel
from common.factors.kernels.memory import NOTHING, finite, piece


@kernel("i8(b1[:, ::1], i8[:, ::1], i8[::1])")
def number_bars(present: Booleans, place: Integers, own: Integers) -> int:
    """Fill place[b,s] with the symbol's own row of that bar, or -1; own[s] with its bars; return all absent ones."""
    rows, stride = present.shape
    absent = 0
    own[:] = 0
    for row in range(rows):
        for symbol in range(stride):
            if present[row, symbol]:
                place[row, symbol] = own[symbol]
                own[symbol] += 1
            else:
                place[row, symbol] = -1
                absent += 1
    return absent


@kernel("void(f8[:, ::1], i8[:, ::1], i8, f8[::1], i8)")
def load(column: Floats, place: Integers, absent: int, arena: Floats, offset: int) -> None:
    """Write a column of a block to its run in the arena, each symbol on its own clock, NaN behind its last bar."""
    rows, stride = place.shape
    if absent > 0:
        for i in range(offset, offset + rows * stride):
            arena[i] = NOTHING
    for row in range(rows):
        for symbol in range(stride):
            if place[row, symbol] >= 0:
                arena[offset + place[row, symbol] * stride + symbol] = finite(column[row, symbol])


@kernel("void(f8[:, :, ::1], i8, i8[:, ::1])")
def spread(values: Floats, first: int, place: Integers) -> None:
    """Move rows `first` on of the factors from own clocks to their sections, in place; NaN where there is no bar."""
    rows, stride = place.shape
    for factor in range(values.shape[0]):
        # Own rows never lie behind their sections, so from the last row back nothing is overwritten before it is read.
        for row in range(rows - 1, -1, -1):
            for symbol in range(stride):
                own_row = place[row, symbol]
                values[factor, first + row, symbol] = (
                    values[factor, first + own_row, symbol] if own_row >= 0 else NOTHING
                )


@kernel("void(f8[::1], i8[::1], i8[::1], i8, i8[::1], i8[::1], i8)")
def realign(
    arena: Floats, starts: Integers, depths: Integers, cursor: int, symbols: Integers, lags: Integers, stride: int
) -> None:
    """Move the history of lagging symbols forward to where the others' ends; bits are moved, never changed."""
    for node in range(starts.size):
        end = starts[node] + cursor + depths[node]
        for row in range(end - 1, end - depths[node] - 1, -1):
            for i in range(symbols.size):
                arena[row * stride + symbols[i]] = arena[(row - lags[i]) * stride + symbols[i]]


@kernel("void(f8[::1], i8[::1], i8[::1], i8, i8)")
def rewind(arena: Floats, starts: Integers, depths: Integers, cursor: int, stride: int) -> None:
    """Move every node's history to the front of its room, so that new rows fit behind it."""
    for node in range(starts.size):
        target = starts[node] * stride
        source = (starts[node] + cursor) * stride
        for i in range(depths[node] * stride):
            arena[target + i] = arena[source + i]


@kernel("void(f8[::1], f8[::1], i8[::1], i8[::1], i8[::1], i8, i8)")
def lead(
    arena: Floats, values: Floats, offsets: Integers, words: Integers, own: Integers, rows: int, stride: int
) -> None:
    """Take each value from words[2] own bars ahead, NaN past the symbol's last; words: input, result, distance."""
    source = piece(arena, values, offsets[words[0]], 0, rows * stride)
    out = piece(arena, values, offsets[words[1]], 0, rows * stride)
    for row in range(rows):
        for symbol in range(stride):
            ahead = row + words[2]
            out[row * stride + symbol] = source[ahead * stride + symbol] if ahead < own[symbol] else NOTHING
