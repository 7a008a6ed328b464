"""Wilder's means, from a symbol's first bar on, seeded as TA-Lib seeds them; state and words: as in exponential."""

# ruff: noqa: ARG001  one call for all kernels

import math

from common.factors.kernels.build import Floats, Integers
from common.factors.kernels.lean import kernel
from common.factors.kernels.memory import CALL, NOTHING, Frame, finite, kept_row, whole


@kernel(CALL)
def ta_rsi(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Relative strength index with Wilder's smoothing, 0 to 100; 0 where nothing moved."""
    source = whole(frame, words[0])
    out = whole(frame, words[1])
    state, own, stride = words[2], frame.own, frame.stride
    seen, last = kept_row(frame, state, 0), kept_row(frame, state, 1)
    gain, loss = kept_row(frame, state, 2), kept_row(frame, state, 3)
    window = words[4]
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
    """Average true range with Wilder's smoothing; words: high, low, close, result, state, part, window."""
    high = whole(frame, words[0])
    low = whole(frame, words[1])
    close = whole(frame, words[2])
    out = whole(frame, words[3])
    state, own, stride = words[4], frame.own, frame.stride
    seen, last = kept_row(frame, state, 0), kept_row(frame, state, 1)
    mean = kept_row(frame, state, 2)
    window = words[6]
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


@kernel(CALL)
def ta_direction(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Wilder's directional movement; words: high, low, close, result, state, part, window.

    Part 0 average directional index, 1 indicator of rises, 2 of falls. A bar without any movement adds nothing to the
    index, as in TA-Lib.
    """
    high, low, close = whole(frame, words[0]), whole(frame, words[1]), whole(frame, words[2])
    out = whole(frame, words[3])
    state, own, stride, part, window = words[4], frame.own, frame.stride, words[5], words[6]
    seen, last_high = kept_row(frame, state, 0), kept_row(frame, state, 1)
    last_low, last = kept_row(frame, state, 2), kept_row(frame, state, 3)
    rises, falls = kept_row(frame, state, 4), kept_row(frame, state, 5)
    ranges, index = kept_row(frame, state, 6), kept_row(frame, state, 7)
    for row in range(frame.rows):
        for s in range(stride):
            at = row * stride + s
            out[at] = NOTHING
            if row >= own[s] or high[at] != high[at] or low[at] != low[at] or close[at] != close[at]:
                continue
            rise, fall, before = high[at] - last_high[s], last_low[s] - low[at], last[s]
            last_high[s], last_low[s], last[s] = high[at], low[at], close[at]
            seen[s] += 1.0
            if seen[s] == 1.0:
                continue
            # The first sums are of window - 1 bars and nothing is taken off them.
            share = (window - 1.0) / window if seen[s] > window else 1.0
            rises[s] = rises[s] * share + (rise if rise > 0.0 and rise > fall else 0.0)
            falls[s] = falls[s] * share + (fall if fall > 0.0 and fall > rise else 0.0)
            ranges[s] = ranges[s] * share + max(high[at] - low[at], abs(high[at] - before), abs(low[at] - before))
            if seen[s] <= window:
                continue
            up = 100.0 * (rises[s] / ranges[s]) if ranges[s] > 0.0 else 0.0
            down = 100.0 * (falls[s] / ranges[s]) if ranges[s] > 0.0 else 0.0
            moved = up + down
            if part > 0:
                out[at] = finite(up if part == 1 else down)
                continue
            strength = 100.0 * (abs(up - down) / moved) if moved > 0.0 else 0.0
            if seen[s] <= 2.0 * window:
                index[s] += strength
                if seen[s] < 2.0 * window:
                    continue
                index[s] /= window
            elif moved > 0.0:
                index[s] = (index[s] * (window - 1) + strength) / window
            out[at] = finite(index[s])
