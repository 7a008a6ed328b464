"""Folds by order: the rank of the newest value, quantiles. words: as in moments."""

# ruff: noqa: ARG001, PLR0917  one call for all kernels

from common.factors.kernels.build import TILE, Floats, Integers, kernel, part_of_kernel
from common.factors.kernels.memory import CALL, NOTHING, piece, quotient


@kernel(CALL)
def ts_rank(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Mean percentile rank of the newest value in its window, in (0, 1]."""
    source = offsets[words[0]]
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        newest, twice, unknown = work[:width], work[TILE : TILE + width], work[2 * TILE : 2 * TILE + width]
        newest[:], twice[:], unknown[:] = piece(arena, values, source, first, width), 1.0, 0.0
        age = 0
        for group in range(words[1]):
            window = words[2 + 2 * group]
            while age < window:
                row = piece(arena, values, source - age * stride, first, width)
                for i in range(width):
                    twice[i] += (1.0 if row[i] < newest[i] else 0.0) + (1.0 if row[i] <= newest[i] else 0.0)
                    unknown[i] += row[i] - row[i]
                age += 1
            out = piece(arena, values, offsets[words[3 + 2 * group]], first, width)
            for i in range(width):
                out[i] = quotient(twice[i], 2.0 * window) if unknown[i] == 0.0 else NOTHING


@part_of_kernel
def sort_rows(rows: int, width: int, work: Floats) -> None:
    """Sort `rows` tiles of `work` in each column by Batcher's merge exchange (Knuth, algorithm 5.2.2M)."""
    top = 1
    while top < rows:
        top *= 2
    p = top // 2
    while p > 0:
        q, r, d = top // 2, 0, p
        while d > 0:
            for low in range(rows - d):
                if low & p == r:
                    a, b = work[low * TILE : low * TILE + width], work[(low + d) * TILE : (low + d) * TILE + width]
                    for i in range(width):
                        x, y = a[i], b[i]
                        a[i], b[i] = min(x, y), max(x, y)
            d, q, r = q - p, q // 2, p
        p //= 2


@kernel(CALL)
def ts_quantile(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    numbers: Floats,
    size: int,
    stride: int,
    work: Floats,
) -> None:
    """Quantile of the window, linear between neighbours; numbers: one level for each (window, result)."""
    source = offsets[words[0]]
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        sorted_window = 0
        unknown = work[:width]
        tiles = work[TILE:]
        for group in range(words[1]):
            window = words[2 + 2 * group]
            if window != sorted_window:
                unknown[:] = 0.0
                for age in range(window):
                    row = piece(arena, values, source - age * stride, first, width)
                    tile = tiles[age * TILE : age * TILE + width]
                    for i in range(width):
                        tile[i] = row[i]
                        unknown[i] += row[i] - row[i]
                sort_rows(window, width, tiles)
                sorted_window = window
            place = (window - 1) * numbers[group]
            below = int(place)
            above = min(below + 1, window - 1)
            lower, upper = tiles[below * TILE : below * TILE + width], tiles[above * TILE : above * TILE + width]
            out = piece(arena, values, offsets[words[3 + 2 * group]], first, width)
            for i in range(width):
                value = lower[i] + (upper[i] - lower[i]) * (place - below)
                out[i] = value if unknown[i] == 0.0 else NOTHING
