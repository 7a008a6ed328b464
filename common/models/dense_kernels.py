"""The arithmetic of scaling and of layers: each sum in the order of its inputs, so a row's bits are its own.

A matrix product of a library adds in an order that depends on how many rows there are, on threads and on the
processor. Here the rows of a tile go side by side through the same additions, one input after the other.
"""
# ruff: noqa: PLR0917  numba calls by place

import math

import numpy as np
from numpy.typing import NDArray

from common.factors.kernels.build import kernel, part_of_kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

IDENTITY, RELU, TANH, SILU = range(4)
"""What a layer's sums become."""

TILE = 128
"""Rows that go together. In a tile's memory the values of one input lie side by side, TILE after the last one's."""


@part_of_kernel
def scaled(value: float, mean: float, factor: float, clip: float) -> float:
    """Centred, scaled, clipped; 0 for NaN."""
    value = (value - mean) * factor
    value = -clip if value < -clip else value  # noqa: FURB136  NaN must get through
    value = clip if value > clip else value  # noqa: FURB136  NaN must get through
    return 0.0 if math.isnan(value) else value


@part_of_kernel
def scale_tile(values: Floats, begin: int, end: int, mean: Floats, factor: Floats, clip: float, inputs: Floats) -> None:
    """Scale the rows `begin` to `end` of values f8[F, S] into a tile's memory."""
    for i in range(mean.size):
        column, place = values[i, begin:end], inputs[i * TILE : i * TILE + end - begin]
        for j in range(column.size):
            place[j] = scaled(column[j], mean[i], factor[i], clip)


@kernel("(f8[:, ::1], f8[::1], f8[::1], f8, f8[:, ::1])")
def scale(values: Floats, mean: Floats, factor: Floats, clip: float, out: Floats) -> None:
    """Scale values f8[F, S]."""
    for i in range(mean.size):
        for j in range(values.shape[1]):
            out[i, j] = scaled(values[i, j], mean[i], factor[i], clip)


@part_of_kernel
def add_to_one(total: Floats, unit: int, numbers: Floats, first: int, inputs: Floats, width: int, rows: int) -> None:
    """Add to one unit's sums its weights, `numbers` from `first` on, times the inputs."""
    tile = np.uint64(TILE)
    here = np.uint64(unit) * tile
    for i in range(width):
        weight, x = numbers[first + i], np.uint64(i) * tile
        for j in range(np.uint64(rows)):
            total[here + j] += weight * inputs[x + j]


@part_of_kernel
def add_to_four(total: Floats, unit: int, numbers: Floats, first: int, inputs: Floats, width: int, rows: int) -> None:
    """The same for this unit and the next three, four inputs at a time: what is loaded serves sixteen products."""
    tile, w = np.uint64(TILE), np.uint64(width)
    # Unsigned, because numba looks out for negative indices, and then no rows share an instruction.
    t0 = np.uint64(unit) * tile
    t1, t2, t3 = t0 + tile, t0 + tile + tile, t0 + tile + tile + tile
    whole = width - width % 4
    for i in range(0, whole, 4):
        a = np.uint64(first + i)
        b, c, d = a + w, a + w + w, a + w + w + w
        a0, a1, a2, a3 = numbers[a], numbers[a + np.uint64(1)], numbers[a + np.uint64(2)], numbers[a + np.uint64(3)]
        b0, b1, b2, b3 = numbers[b], numbers[b + np.uint64(1)], numbers[b + np.uint64(2)], numbers[b + np.uint64(3)]
        c0, c1, c2, c3 = numbers[c], numbers[c + np.uint64(1)], numbers[c + np.uint64(2)], numbers[c + np.uint64(3)]
        d0, d1, d2, d3 = numbers[d], numbers[d + np.uint64(1)], numbers[d + np.uint64(2)], numbers[d + np.uint64(3)]
        x = np.uint64(i) * tile
        for j in range(np.uint64(rows)):
            x0, x1 = inputs[x + j], inputs[x + tile + j]
            x2, x3 = inputs[x + tile + tile + j], inputs[x + tile + tile + tile + j]
            total[t0 + j] = (((total[t0 + j] + a0 * x0) + a1 * x1) + a2 * x2) + a3 * x3
            total[t1 + j] = (((total[t1 + j] + b0 * x0) + b1 * x1) + b2 * x2) + b3 * x3
            total[t2 + j] = (((total[t2 + j] + c0 * x0) + c1 * x1) + c2 * x2) + c3 * x3
            total[t3 + j] = (((total[t3 + j] + d0 * x0) + d1 * x1) + d2 * x2) + d3 * x3
    left = inputs[whole * TILE :]
    for u in range(4):
        add_to_one(total, unit + u, numbers, first + u * width + whole, left, width - whole, rows)


@part_of_kernel
def activate(total: Floats, activation: int) -> None:
    """In place."""
    if activation == RELU:
        for j in range(total.size):
            total[j] = max(total[j], 0.0)
    elif activation == TANH:
        for j in range(total.size):
            total[j] = math.tanh(total[j])
    elif activation == SILU:
        for j in range(total.size):
            total[j] /= 1.0 + math.exp(-total[j])


@part_of_kernel
def layer(inputs: Floats, numbers: Floats, width: int, units: int, activation: int, rows: int, total: Floats) -> None:
    """One tile's sums from its inputs; `numbers` are the weights, unit after unit, then the biases."""
    for unit in range(units):
        total[unit * TILE : unit * TILE + rows] = numbers[units * width + unit]
    fours = units - units % 4
    for unit in range(0, fours, 4):
        add_to_four(total, unit, numbers, unit * width, inputs, width, rows)
    for unit in range(fours, units):
        add_to_one(total, unit, numbers, unit * width, inputs, width, rows)
    for unit in range(units):
        activate(total[unit * TILE : unit * TILE + rows], activation)


@kernel("(f8[:, ::1], f8[::1], f8[::1], f8, f8[::1], i8[::1], i8, f8[:, ::1])")
def score(
    values: Floats,
    mean: Floats,
    factor: Floats,
    clip: float,
    numbers: Floats,
    widths: Integers,
    activation: int,
    out: Floats,
) -> None:
    """Scale values f8[F, S] and take them through all layers, a tile at a time; the last has no activation.

    `widths` are the features, then each layer's units; `numbers` are those of `layer`, layer after layer.
    """
    room = widths.max() * TILE
    inputs, total, last = np.zeros(room), np.zeros(room), widths.size - 1
    for begin in range(0, out.shape[1], TILE):
        end = min(begin + TILE, out.shape[1])
        scale_tile(values, begin, end, mean, factor, clip, inputs)
        start = 0
        for n in range(last):
            chosen = activation if n + 1 < last else IDENTITY
            layer(inputs, numbers[start:], widths[n], widths[n + 1], chosen, end - begin, total)
            start += (widths[n] + 1) * widths[n + 1]
            inputs, total = total, inputs
        for unit in range(out.shape[0]):
            out[unit, begin:end] = inputs[unit * TILE : unit * TILE + end - begin]
