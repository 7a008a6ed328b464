"""Operators that run from a symbol's first bar, seeded as TA-Lib seeds them.

Their state is a few rows of the arena, zero at first sight; row 0 counts the numbers seen. A bar whose input is NaN
holds the state and gives NaN. words: inputs, result, state, then the constants.
"""

# ruff: noqa: ARG001  one call for all kernels

import math

from common.factors.kernels.build import Floats, Integers
from common.factors.kernels.lean import kernel, view_of_memory
from common.factors.kernels.memory import CALL, NOTHING, Frame, finite, whole


@view_of_memory
def memory(frame: Frame, operand: int, row: int) -> Floats:
    """Return a row of state, one number a symbol."""
    start = frame.offsets[operand] + row * frame.stride
    return frame.arena[start : start + frame.stride]


@kernel(CALL)
def ta_ema(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Exponential mean with weight 2 / (window + 1), seeded by the mean of the first `window` values."""
    source = whole(frame, words[0])
    out = whole(frame, words[1])
    state, own, stride = words[2], frame.own, frame.stride
    seen, mean = memory(frame, state, 0), memory(frame, state, 1)
    window = words[3]
    weight = 2.0 / (window + 1)
    for row in range(frame.rows):
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


@kernel(CALL)
def ta_rsi(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Relative strength index with Wilder's smoothing, 0 to 100; 0 where nothing moved."""
    source = whole(frame, words[0])
    out = whole(frame, words[1])
    state, own, stride = words[2], frame.own, frame.stride
    seen, last = memory(frame, state, 0), memory(frame, state, 1)
    gain, loss = memory(frame, state, 2), memory(frame, state, 3)
    window = words[3]
    for row in range(frame.rows):
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


@kernel(CALL)
def ta_atr(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Average true range with Wilder's smoothing; words: high, low, close, result, state, window."""
    high = whole(frame, words[0])
    low = whole(frame, words[1])
    close = whole(frame, words[2])
    out = whole(frame, words[3])
    state, own, stride = words[4], frame.own, frame.stride
    seen, last = memory(frame, state, 0), memory(frame, state, 1)
    mean = memory(frame, state, 2)
    window = words[5]
    for row in range(frame.rows):
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
