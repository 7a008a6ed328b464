"""Exponential means, from a symbol's first bar on, seeded as TA-Lib seeds them.

Their state is a few rows of the arena, zero at first sight; row 0 counts the numbers seen. A bar whose input is NaN
holds the state and gives NaN. words: inputs, result, state, part, then the constants.
"""

# ruff: noqa: ARG001  one call for all kernels

import math

from common.factors.kernels.build import Floats, Integers
from common.factors.kernels.lean import kernel
from common.factors.kernels.memory import CALL, NOTHING, Frame, finite, kept_row, whole


@kernel(CALL)
def ta_ema(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Exponential mean with weight 2 / (window + 1), seeded by the mean of the first `window` values."""
    source = whole(frame, words[0])
    out = whole(frame, words[1])
    state, own, stride = words[2], frame.own, frame.stride
    seen, mean = kept_row(frame, state, 0), kept_row(frame, state, 1)
    window = words[4]
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
def ta_macd(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Convergence of two exponential means; words: input, result, state, part, fast, slow, signal.

    Part 0 line, 1 signal, 2 line less signal. As TA-Lib has it, both means are seeded at the same bar, the fast one by
    its last `fast` values, and all three parts begin with the signal.
    """
    source, out = whole(frame, words[0]), whole(frame, words[1])
    state, own, stride, part = words[2], frame.own, frame.stride, words[3]
    seen, quick = kept_row(frame, state, 0), kept_row(frame, state, 1)
    slack, mean = kept_row(frame, state, 2), kept_row(frame, state, 3)
    fast, slow, signal = min(words[4], words[5]), max(words[4], words[5]), words[6]
    for row in range(frame.rows):
        for s in range(stride):
            value = source[row * stride + s]
            out[row * stride + s] = NOTHING
            if row >= own[s] or math.isnan(value):
                continue
            seen[s] += 1.0
            if seen[s] <= slow:
                slack[s] += value
                quick[s] += value if seen[s] > slow - fast else 0.0
                if seen[s] < slow:
                    continue
                slack[s] /= slow
                quick[s] /= fast
            else:
                slack[s] += (value - slack[s]) * (2.0 / (slow + 1))
                quick[s] += (value - quick[s]) * (2.0 / (fast + 1))
            line = quick[s] - slack[s]
            number = seen[s] - slow + 1
            if number < signal:
                mean[s] += line
                continue
            if number == signal:
                mean[s] = (mean[s] + line) / signal
            else:
                mean[s] += (line - mean[s]) * (2.0 / (signal + 1))
            answer = line if part == 0 else (mean[s] if part == 1 else line - mean[s])
            out[row * stride + s] = finite(answer)
