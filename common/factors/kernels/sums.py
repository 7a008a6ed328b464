"""Folds of one series: sums and products.

Each folds a window from its newest value to its oldest, so that a shorter window is the beginning of a longer one and
all windows over the same series are one pass, whichever of a kernel's parts they ask for. words: input, how many
windows, then (window, part, result) by ascending window. Four rows are taken at a time, in order: the sums pass through
memory once for four additions.
"""

# ruff: noqa: ARG001  one call for all kernels; numba calls by place

from common.factors.kernels.build import TILE, Floats, Integers
from common.factors.kernels.lean import kernel, part_of_kernel
from common.factors.kernels.memory import CALL, Frame, finite, piece, tile

LARGE, SMALL = 2.0**400, 2.0**-400
SCALE = 2.0**512


@part_of_kernel
def add_row(total: Floats, row: Floats) -> None:
    """Add one row."""
    for i in range(total.size):
        total[i] += row[i]


@part_of_kernel
def add_rows(total: Floats, a: Floats, b: Floats, c: Floats, d: Floats) -> None:
    """Add four rows one after another."""
    for i in range(total.size):
        total[i] = total[i] + a[i] + b[i] + c[i] + d[i]


@kernel(CALL)
def totals(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Sums of windows."""
    source, stride, size = frame.offsets[words[0]], frame.stride, frame.rows * frame.stride
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        total = tile(frame, 0, width)
        total[:] = 0.0
        age = 0
        for group in range(words[1]):
            window = words[2 + 3 * group]
            while age + 4 <= window:
                add_rows(
                    total,
                    piece(frame, source - age * stride, first, width),
                    piece(frame, source - (age + 1) * stride, first, width),
                    piece(frame, source - (age + 2) * stride, first, width),
                    piece(frame, source - (age + 3) * stride, first, width),
                )
                age += 4
            while age < window:
                add_row(total, piece(frame, source - age * stride, first, width))
                age += 1
            out = piece(frame, frame.offsets[words[4 + 3 * group]], first, width)
            for i in range(width):
                out[i] = finite(total[i])


@part_of_kernel
def scaled(value: float) -> tuple[float, float]:
    """Bring a number to between 2**-400 and 2**400 by a power of 2**512, exactly; return it and the power."""
    if abs(value) > LARGE:
        return value / SCALE, 1.0
    if abs(value) < SMALL:
        return value * SCALE, -1.0
    return value, 0.0


@kernel(CALL)
def products(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Products of windows; only the product itself may be too large, not what leads to it."""
    source, stride, size = frame.offsets[words[0]], frame.stride, frame.rows * frame.stride
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        total, power = tile(frame, 0, width), tile(frame, 1, width)
        total[:], power[:] = 1.0, 0.0
        age = 0
        for group in range(words[1]):
            while age < words[2 + 3 * group]:
                row = piece(frame, source - age * stride, first, width)
                for i in range(width):
                    value, up = scaled(row[i])
                    product, more = scaled(total[i] * value)
                    total[i] = product
                    power[i] += up + more
                age += 1
            out = piece(frame, frame.offsets[words[4 + 3 * group]], first, width)
            for i in range(width):
                answer, left = total[i], power[i]
                # Further steps than these end in 0 or beyond the largest number whatever the start.
                for _ in range(4):
                    if left > 0.0:
                        answer, left = answer * SCALE, left - 1.0
                    elif left < 0.0:
                        answer, left = answer / SCALE, left + 1.0
                out[i] = finite(answer)
