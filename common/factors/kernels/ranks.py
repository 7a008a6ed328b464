"""Ranks within a section, by a radix sort: a comparison sort of 5,000 numbers takes several times as long."""

# ruff: noqa: PLR0917  numba calls by place

import numpy as np

from common.factors.kernels.build import Booleans, Floats, Integers, kernel, part_of_kernel
from common.factors.kernels.memory import NOTHING, piece
from common.factors.kernels.section import SECTION_CALL, gather

_DIGIT_BITS = 11
_DIGITS = 6
_BUCKETS = 1 << _DIGIT_BITS
_SIGN = np.uint64(1 << 63)


@part_of_kernel
def ascending(found: Floats) -> Integers:
    """Return the order of numbers (no NaN) from smallest to largest, least significant digit first."""
    count = found.size
    bits = found.view(np.uint64)
    keys, other_keys = np.empty(count, dtype=np.uint64), np.empty(count, dtype=np.uint64)
    order, other_order = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    buckets = np.zeros((_DIGITS, _BUCKETS), dtype=np.int64)
    for i in range(count):
        # IEEE numbers compare like whole numbers once negative ones are turned over.
        key = ~bits[i] if bits[i] & _SIGN else bits[i] | _SIGN
        keys[i], order[i] = key, i
        for digit in range(_DIGITS):
            buckets[digit, (key >> np.uint64(digit * _DIGIT_BITS)) & np.uint64(_BUCKETS - 1)] += 1
    for digit in range(_DIGITS):
        start = 0
        for bucket in range(_BUCKETS):
            size = buckets[digit, bucket]
            buckets[digit, bucket] = start
            start += size
        for i in range(count):
            found_in = np.int64((keys[i] >> np.uint64(digit * _DIGIT_BITS)) & np.uint64(_BUCKETS - 1))
            at = buckets[digit, found_in]
            buckets[digit, found_in] = at + 1
            other_keys[at], other_order[at] = keys[i], order[i]
        keys, other_keys = other_keys, keys
        order, other_order = other_order, order
    return order


@kernel(SECTION_CALL)
def cs_rank(
    arena: Floats,
    values: Floats,
    offsets: Integers,
    words: Integers,
    place: Integers,
    member: Booleans,
    found: Floats,
    where: Integers,
) -> None:
    """Rank in the section, 1 for the smallest; equals share the mean of their ranks."""
    rows, stride = place.shape
    source = piece(arena, values, offsets[words[0]], 0, rows * stride)
    out = piece(arena, values, offsets[words[1]], 0, rows * stride)
    out[:] = NOTHING
    for row in range(rows):
        count = gather(source, place, member, row, found, where)
        order = ascending(found[:count])
        start = 0
        while start < count:
            end = start + 1
            while end < count and found[order[end]] == found[order[start]]:
                end += 1
            rank = (start + 1 + end) / 2.0
            for i in range(start, end):
                out[where[order[i]]] = rank
            start = end
