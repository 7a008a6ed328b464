"""Folds of one series that need its mean first; words: as in sums."""

# ruff: noqa: ARG001  one call for all kernels

from common.factors.kernels.build import TILE, Floats, Integers
from common.factors.kernels.lean import kernel
from common.factors.kernels.memory import CALL, Frame, finite, piece, quotient, tile


@kernel(CALL)
def deviations(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Mean distance from the mean of windows, about the newest value; each window takes two passes."""
    source, stride, size = frame.offsets[words[0]], frame.stride, frame.rows * frame.stride
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        newest = piece(frame, source, first, width)
        mean, away = tile(frame, 0, width), tile(frame, 1, width)
        for group in range(words[1]):
            window = words[2 + 3 * group]
            mean[:], away[:] = 0.0, 0.0
            for age in range(window):
                row = piece(frame, source - age * stride, first, width)
                for i in range(width):
                    mean[i] += row[i] - newest[i]
            for i in range(width):
                mean[i] = quotient(mean[i], window)
            for age in range(window):
                row = piece(frame, source - age * stride, first, width)
                for i in range(width):
                    away[i] += abs(row[i] - newest[i] - mean[i])
            out = piece(frame, frame.offsets[words[4 + 3 * group]], first, width)
            for i in range(width):
                out[i] = finite(quotient(away[i], window))
