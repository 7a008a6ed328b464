"""Operators that run from a symbol's first bar, seeded as TA-Lib seeds them.

Their state is a few rows of the arena, zero at first sight; row 0 counts the numbers seen. A bar whose input is NaN
holds the state and gives NaN. words: inputs, result, first state row, window. own[s]: bars of the symbol in this block.
"""

# ruff: noqa: PLR0917  numba calls by place

import math

from common.factors.kernels.build import Floats, Integers, kernel
from common.factors.kernels.memory import NOTHING, finite, piece

RECURSIVE_CALL = "void(f8[::1], f8[::1], i8[::1], i8[::1], i8[::1], i8, i8)"
"""arena, values, offsets, words, own, rows, stride."""


@kernel(RECURSIVE_CALL)
def ta_ema(
    arena: Floats, values: Floats, offsets: Integers, words: Integers, own: Integers, rows: int, stride: int
) -> None:
    """Exponential mean with weight 2 / (window + 1), seeded by the mean of the first `window` values."""
    source = piece(arena, values, offsets[words[0]], 0, rows * stride)
    out = piece(arena, values, offsets[words[1]], 0, rows * stride)
    state = offsets[words[2]]
    seen, mean = arena[state : state + stride], arena[state + stride : state + 2 * stride]
    window = words[3]
    weight = 2.0 / (window + 1)
    for row in range(rows):
        for s in range(stride):
            value = source[row * stride + s]
            out[row * stride + s] = NOTHING
            if row >= own[s] or math.isnan(value):
                continue
            seen[s] += 1.0
            if seen[s] < window:
                mean[s] += value
                continue
            if seen[s] == window:
                mean[s] = (mean[s] + value) / window
            else:
                mean[s] += (value - mean[s]) * weight
            out[row * stride + s] = finite(mean[s])


@kernel(RECURSIVE_CALL)
def ta_rsi(
    arena: Floats, values: Floats, offsets: Integers, words: Integers, own: Integers, rows: int, stride: int
) -> None:
    """Relative strength index with Wilder's smoothing, 0 to 100; 0 where nothing moved."""
    source = piece(arena, values, offsets[words[0]], 0, rows * stride)
    out = piece(arena, values, offsets[words[1]], 0, rows * stride)
    state = offsets[words[2]]
    seen, last = arena[state : state + stride], arena[state + stride : state + 2 * stride]
    gain, loss = arena[state + 2 * stride : state + 3 * stride], arena[state + 3 * stride : state + 4 * stride]
    window = words[3]
    for row in range(rows):
        for s in range(stride):
            value = source[row * stride + s]
            out[row * stride + s] = NOTHING
            if row >= own[s] or math.isnan(value):
                continue
            change = value - last[s] if seen[s] > 0.0 else 0.0
            last[s] = value
            seen[s] += 1.0
            if seen[s] <= window + 1:
                gain[s] += max(change, 0.0)
                loss[s] += max(-change, 0.0)
                if seen[s] <= window:
                    continue
            else:
                gain[s] = gain[s] * (window - 1) + max(change, 0.0)
                loss[s] = loss[s] * (window - 1) + max(-change, 0.0)
            gain[s] /= window
            loss[s] /= window
            both = gain[s] + loss[s]
            out[row * stride + s] = finite(100.0 * (gain[s] / both)) if both > 0.0 else 0.0


@kernel(RECURSIVE_CALL)
def ta_atr(
    arena: Floats, values: Floats, offsets: Integers, words: Integers, own: Integers, rows: int, stride: int
) -> None:
    """Average true range with Wilder's smoothing; words: high, low, close, result, state, window."""
    high = piece(arena, values, offsets[words[0]], 0, rows * stride)
    low = piece(arena, values, offsets[words[1]], 0, rows * stride)
    close = piece(arena, values, offsets[words[2]], 0, rows * stride)
    out = piece(arena, values, offsets[words[3]], 0, rows * stride)
    state = offsets[words[4]]
    seen, last = arena[state : state + stride], arena[state + stride : state + 2 * stride]
    mean = arena[state + 2 * stride : state + 3 * stride]
    window = words[5]
    for row in range(rows):
        for s in range(stride):
            at = row * stride + s
            out[at] = NOTHING
            if row >= own[s] or high[at] != high[at] or low[at] != low[at] or close[at] != close[at]:
                continue
            before = last[s]
            last[s] = close[at]
            seen[s] += 1.0
            if seen[s] == 1.0:
                continue
            # The first bar has no close before it, so the first mean is over bars 2 to window + 1.
            true_range = max(high[at] - low[at], abs(high[at] - before), abs(low[at] - before))
            if seen[s] <= window:
                mean[s] += true_range
                continue
            if seen[s] == window + 1:
                mean[s] = (mean[s] + true_range) / window
            else:
                mean[s] = (mean[s] * (window - 1) + true_range) / window
            out[at] = finite(mean[s])
