"""Ranks within a section, by a radix sort: a comparison sort of 5,000 numbers takes several times as long."""

# ruff: noqa: PLR0917  numba calls by place

from typing import Any

import numpy as np

from common.factors.kernels import build
from common.factors.kernels.build import Floats, Integers
from common.factors.kernels.lean import kernel, part_of_kernel
from common.factors.kernels.section import SECTION_CALL, Sections, clear, gather, give

DIGIT_BITS = 11
DIGITS = 6
BUCKETS = 1 << DIGIT_BITS
_SIGN = np.uint64(1 << 63)


@build.part_of_kernel
def ascending(found: Floats) -> Integers:
    """Return the order of numbers (no NaN) from smallest to largest, least significant digit first."""
    count = found.size
    bits = found.view(np.uint64)
    keys, other_keys = np.empty(count, dtype=np.uint64), np.empty(count, dtype=np.uint64)
    order, other_order = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    buckets = np.zeros((DIGITS, BUCKETS), dtype=np.int64)
    for i in range(count):
        # IEEE numbers compare like whole numbers once negative ones are turned over.
        key = ~bits[i] if bits[i] & _SIGN else bits[i] | _SIGN
        keys[i], order[i] = key, i
        for digit in range(DIGITS):
            buckets[digit, (key >> np.uint64(digit * DIGIT_BITS)) & np.uint64(BUCKETS - 1)] += 1
    for digit in range(DIGITS):
        start = 0
        for bucket in range(BUCKETS):
            size = buckets[digit, bucket]
            buckets[digit, bucket] = start
            start += size
        for i in range(count):
            found_in = np.int64((keys[i] >> np.uint64(digit * DIGIT_BITS)) & np.uint64(BUCKETS - 1))
            at = buckets[digit, found_in]
            buckets[digit, found_in] = at + 1
            other_keys[at], other_order[at] = keys[i], order[i]
        keys, other_keys = other_keys, keys
        order, other_order = other_order, order
    return order


@part_of_kernel
def digit_of(key: Any, digit: int) -> Any:
    """Return one digit of a key, which holds 64 bits without a sign."""
    found: Any = np.int64((np.uint64(key) >> np.uint64(digit * DIGIT_BITS)) & np.uint64(BUCKETS - 1))
    return found


@part_of_kernel
def count_digits(bits: Integers, count: int, keys: Integers, order: Integers, buckets: Integers) -> None:
    """Turn numbers into keys that compare like them, in their order so far, and count their digits."""
    buckets[:] = 0
    for i in range(count):
        # IEEE numbers compare like whole numbers once negative ones are turned over.
        number = np.uint64(bits[i])
        key: Any = np.int64(~number if number & _SIGN else number | _SIGN)
        keys[i], order[i] = key, i
        for digit in range(DIGITS):
            buckets[digit * BUCKETS + digit_of(key, digit)] += 1


@part_of_kernel
def distribute(
    digit: int, count: int, keys: Integers, order: Integers, keys_out: Integers, order_out: Integers, buckets: Integers
) -> None:
    """Sort by one digit, equals as they stood."""
    start = 0
    for bucket in range(digit * BUCKETS, (digit + 1) * BUCKETS):
        size = buckets[bucket]
        buckets[bucket] = start
        start += size
    for i in range(count):
        bucket = digit * BUCKETS + digit_of(keys[i], digit)
        at = buckets[bucket]
        buckets[bucket] = at + 1
        keys_out[at], order_out[at] = keys[i], order[i]


@kernel(SECTION_CALL)
def cs_rank(sections: Sections, words: Integers) -> None:
    """Rank in the section as a share of it, in (0, 1]; equals share the smallest of their ranks."""
    clear(sections, words[1])
    found, answers, size = sections.found, sections.answers, sections.found.size
    keys, other_keys = sections.more[:size], sections.more[size : 2 * size]
    order, other_order = sections.more[2 * size : 3 * size], sections.more[3 * size : 4 * size]
    buckets = sections.more[4 * size :]
    for row in range(sections.place.shape[0]):
        count = gather(sections, words[0], row)
        count_digits(sections.bits, count, keys, order, buckets)
        # An even number of digits ends where it began.
        for digit in range(0, DIGITS, 2):
            distribute(digit, count, keys, order, other_keys, other_order, buckets)
            distribute(digit + 1, count, other_keys, other_order, keys, order, buckets)
        start = 0
        while start < count:
            end = start + 1
            while end < count and found[order[end]] == found[order[start]]:
                end += 1
            for i in range(start, end):
                answers[order[i]] = (start + 1) / count
            start = end
        give(sections, words[1], row, count, answers)
