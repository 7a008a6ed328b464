"""Folds by order: the rank of the newest value, quantiles."""

# ruff: noqa: ARG001  one call for all kernels

from common.factors.kernels.build import TILE, Floats, Integers
from common.factors.kernels.lean import kernel, part_of_kernel
from common.factors.kernels.memory import CALL, NOTHING, Frame, piece, quotient, tile
from common.factors.kernels.streaming import LANES, exchange


@part_of_kernel
def count_below(newest: Floats, twice: Floats, unknown: Floats, row: Floats) -> None:
    """Count values below the newest twice, equal ones once."""
    for i in range(row.size):
        twice[i] += (1.0 if row[i] < newest[i] else 0.0) + (1.0 if row[i] <= newest[i] else 0.0)
        unknown[i] += row[i] - row[i]


@kernel(CALL)
def ranks(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Mean percentile rank of the newest value in its window, in (0, 1]; words: as in sums."""
    source, stride, size = frame.offsets[words[0]], frame.stride, frame.rows * frame.stride
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        newest, twice, unknown = piece(frame, source, first, width), tile(frame, 1, width), tile(frame, 2, width)
        twice[:], unknown[:] = 1.0, 0.0
        age = 0
        for group in range(words[1]):
            window = words[2 + 3 * group]
            while age < window:
                count_below(newest, twice, unknown, piece(frame, source - age * stride, first, width))
                age += 1
            out = piece(frame, frame.offsets[words[4 + 3 * group]], first, width)
            for i in range(width):
                out[i] = quotient(twice[i], 2.0 * window) if unknown[i] == 0.0 else NOTHING


@part_of_kernel
def bring(row: Floats, target: Floats, unknown: Floats) -> None:
    """Copy one row of the window, and note NaN."""
    for i in range(row.size):
        target[i] = row[i]
        unknown[i] += row[i] - row[i]


@kernel(CALL)
def quantiles(frame: Frame, words: Integers, numbers: Floats) -> None:
    """Quantiles of windows, linear between neighbours, by a sorting network.

    words: input, then for each window (window, comparators, answers), its pairs of rows to compare, and for each answer
    (row below, row above, result); numbers: for each answer how far it lies between the two. Rows are by age.
    """
    source, stride, size = frame.offsets[words[0]], frame.stride, frame.rows * frame.stride
    work = frame.work
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        unknown = work[:width]
        unknown[:] = 0.0
        rows, at, answer = 0, 1, 0
        while at < words.size:
            window, comparators, answers = words[at], words[at + 1], words[at + 2]
            at += 3
            while rows < window:
                rows += 1
                target = work[rows * TILE : rows * TILE + width]
                bring(piece(frame, source - (rows - 1) * stride, first, width), target, unknown)
            for _ in range(comparators):
                low, high = (words[at] + 1) * TILE, (words[at + 1] + 1) * TILE
                for i in range(0, width, LANES):
                    exchange(work, low + i, high + i)  # type: ignore[call-arg]  # numba hands in its context
                at += 2
            for _ in range(answers):
                below, above = (words[at] + 1) * TILE, (words[at + 1] + 1) * TILE
                lower, upper = work[below : below + width], work[above : above + width]
                out = piece(frame, frame.offsets[words[at + 2]], first, width)
                part = numbers[answer]
                for i in range(width):
                    value = lower[i] + (upper[i] - lower[i]) * part
                    out[i] = value if unknown[i] == 0.0 else NOTHING
                at += 3
                answer += 1
