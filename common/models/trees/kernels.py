"""The arithmetic of trees: codes to leaves, leaves to sums, sums to predictions.

No floating-point operation here can differ from LightGBM's: the leaves' values are added in the order of the trees.
"""
# ruff: noqa: PLR0917  numba calls by place

import math
from typing import Any, TypeAlias, cast

import numpy as np
from numba.cpython.unsafe import numbers

from common.factors.kernels.build import kernel, part_of_kernel
from common.models.trees.coding import CODING, Bits, Codes, Coding, Numbers, encode_row, encode_rows
from common.models.trees.text import Floats, Integers

trailing_zeros = cast("Any", numbers.trailing_zeros)
"""Which bit is the lowest one set; numba types it as what it is made of."""

TILE = 256
"""Rows worked on at a time: their codes stay in the first-level cache."""

IDENTITY, SIGNED_SQUARE, EXPONENTIAL, SIGMOID, LOGISTIC, SOFTPLUS = range(6)
"""What becomes of the sum."""

Ruling: TypeAlias = tuple[Bits, Codes, Bits, Integers, Integers, Integers, Floats]
"""Fields of `Forest`: entry_plane, entry_code, entry_left, first_entry, word_leaf, first_word, leaves."""

Walking: TypeAlias = tuple[Numbers, Numbers, Floats]
"""Fields of `Forest`: nodes, roots, leaves."""

Ends: TypeAlias = tuple[int, int, float]
"""By how many trees the sum is divided (-1: not at all; by none it becomes NaN), the transform, the sigmoid's slope."""

_RULING = "Tuple((u4[::1], u1[::1], u4[::1], i8[::1], i8[::1], i8[::1], f8[::1]))"
_WALKING = "Tuple((i4[:, ::1], i4[::1], f8[::1]))"
_ENDS = "Tuple((i8, i8, f8))"


@part_of_kernel
def rule_out(codes: Codes, plane: Bits, code: Codes, left: Bits, first: int, last: int, bits: Bits) -> None:
    """Leaves of one word that are left over for each row, from its entries `first` to `last`, four at a time."""
    full = np.uint32(0xFFFFFFFF)
    for j in range(bits.size):
        bits[j] = full
    for entry in range(first, last, 4):
        # Unsigned, because numba looks out for negative indices, at length.
        e0, e1, e2, e3 = np.uint64(entry), np.uint64(entry + 1), np.uint64(entry + 2), np.uint64(entry + 3)
        c0, c1, c2, c3 = codes[plane[e0]], codes[plane[e1]], codes[plane[e2]], codes[plane[e3]]
        t0, t1, t2, t3 = code[e0], code[e1], code[e2], code[e3]
        m0, m1, m2, m3 = left[e0], left[e1], left[e2], left[e3]
        for j in range(bits.size):
            # numba widens to 64 bits in between; cut down each time, 16 rows share an instruction.
            b = np.uint32(bits[j] & (m0 if c0[j] > t0 else full))
            b = np.uint32(b & (m1 if c1[j] > t1 else full))
            b = np.uint32(b & (m2 if c2[j] > t2 else full))
            bits[j] = np.uint32(b & (m3 if c3[j] > t3 else full))


@part_of_kernel
def transformed(total: float, transform: int, slope: float) -> float:
    """LightGBM's `ConvertOutput`, in its operations."""
    if transform == SIGNED_SQUARE:
        sign = (1.0 if total > 0.0 else 0.0) - (1.0 if total < 0.0 else 0.0)
        return sign * total * total
    if transform == EXPONENTIAL:
        return math.exp(total)
    if transform == SIGMOID:
        return 1.0 / (1.0 + math.exp(-slope * total))
    if transform == LOGISTIC:
        # Not a sigmoid with a slope of 1: the minus turns the sign of a NaN, a product would not.
        return 1.0 / (1.0 + math.exp(-total))
    if transform == SOFTPLUS:
        return math.log1p(math.exp(total))
    return total


@part_of_kernel
def finish(out: Floats, ends: Ends) -> None:
    """From sums to predictions, in place."""
    divisor, transform, slope = ends
    if divisor >= 0:
        for j in range(out.size):
            out[j] = out[j] / divisor
    if transform:
        for j in range(out.size):
            out[j] = transformed(out[j], transform, slope)


@kernel(f"(f8[:, ::1], {CODING}, {_RULING}, {_ENDS}, i8, f8[::1])")
def score_by_ruling_out(values: Floats, coding: Coding, forest: Ruling, ends: Ends, tile: int, out: Floats) -> None:
    """Predictions f8[S] for values f8[F, S], `tile` rows at a time: for many rows."""
    plane, code, left, first_entry, word_leaf, first_word, leaves = forest
    planes = coding[9].shape[0] + coding[10].size
    codes = np.zeros((planes, tile), np.uint8)
    ranks, bits, leaf = np.empty(tile, np.int32), np.empty(tile, np.uint32), np.zeros(tile, np.uint32)
    total = np.empty(tile)
    for first in range(0, out.size, tile):
        last = min(first + tile, out.size)
        encode_rows(values, first, last, coding, ranks, codes)
        total[:] = 0.0
        for tree in range(first_word.size - 1):
            begin, end = first_word[tree], first_word[tree + 1]
            values_here = leaves[word_leaf[end - 1] :]
            if end - begin == 1:
                rule_out(codes, plane, code, left, first_entry[begin], first_entry[end], bits)
                for j in range(tile):
                    total[j] += values_here[np.uint64(trailing_zeros(bits[j]))]
            else:
                for w in range(begin, end):
                    rule_out(codes, plane, code, left, first_entry[w], first_entry[w + 1], bits)
                    low = np.uint32(word_leaf[w] - word_leaf[end - 1])
                    for j in range(tile):
                        # Words come last to first, so the lowest leaf stays.
                        leaf[j] = np.uint32(low + trailing_zeros(bits[j])) if bits[j] else leaf[j]
                for j in range(tile):
                    total[j] += values_here[np.uint64(leaf[j])]
        out[first:last] = total[: last - first]
    finish(out, ends)


@kernel(f"(f8[:, ::1], {CODING}, {_WALKING}, {_ENDS}, f8[::1])")
def score_by_walking(values: Floats, coding: Coding, forest: Walking, ends: Ends, out: Floats) -> None:
    """Predictions f8[S] for values f8[F, S], down each tree from its root: for few rows."""
    nodes, roots, leaves = forest
    codes = np.empty(coding[9].shape[0] + coding[10].size, np.uint8)
    for j in range(out.size):
        encode_row(values, j, coding, codes)
        total = 0.0
        for t in range(roots.size):
            node = roots[t]
            while node >= 0:
                goes_right = codes[nodes[node, 0]] > nodes[node, 1]
                node = nodes[node, 3] if goes_right else nodes[node, 2]
            total += leaves[~node]
        out[j] = total
    finish(out, ends)
