"""One layer of weights over many rows: each sum in the order of its inputs, so a row's bits are its own.

A matrix product of a library adds in an order that depends on how many rows there are, on threads and on the
processor. Here the columns of a tile go through the same additions one input after the other.
"""

import math
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.factors.kernels.build import Kernel, kernel, part_of_kernel
from common.factors.kernels.cache import cache_in
from common.factors.kernels.library import platform_text

Floats = NDArray[np.float64]

ACTIVATIONS = ("identity", "relu", "tanh", "silu")
"""By number; `_activate` holds one branch for each."""

_TILE = 128
_KERNELS = Path(__file__).parents[1] / "factors" / "kernels"


@part_of_kernel
def _accumulate(total: Floats, weights: Floats, inputs: Floats, first: int, last: int) -> None:
    """Add `weights[i] * inputs[i, first:last]` in the order of i; four at a time keep the sum in a register."""
    count = weights.size
    whole = count - count % 4
    for i in range(0, whole, 4):
        w0, w1, w2, w3 = weights[i], weights[i + 1], weights[i + 2], weights[i + 3]
        x0, x1 = inputs[i, first:last], inputs[i + 1, first:last]
        x2, x3 = inputs[i + 2, first:last], inputs[i + 3, first:last]
        for j in range(total.size):
            total[j] = (((total[j] + w0 * x0[j]) + w1 * x1[j]) + w2 * x2[j]) + w3 * x3[j]
    for i in range(whole, count):
        x = inputs[i, first:last]
        for j in range(total.size):
            total[j] += weights[i] * x[j]


@part_of_kernel
def _activate(total: Floats, activation: int) -> None:
    if activation == 1:
        for j in range(total.size):
            total[j] = max(total[j], 0.0)
    elif activation == 2:
        for j in range(total.size):
            total[j] = math.tanh(total[j])
    elif activation == 3:
        for j in range(total.size):
            total[j] /= 1.0 + math.exp(-total[j])


@kernel("(f8[:, ::1], f8[:, ::1], f8[::1], i8, f8[:, ::1])")
def dense(inputs: Floats, weights: Floats, bias: Floats, activation: int, out: Floats) -> None:
    """`activation(weights @ inputs + bias)`: inputs [I, S], weights [O, I], bias [O], out [O, S]."""
    rows = inputs.shape[1]
    for first in range(0, rows, _TILE):
        last = min(first + _TILE, rows)
        for unit in range(weights.shape[0]):
            total = out[unit, first:last]
            total[:] = bias[unit]
            _accumulate(total, weights[unit], inputs, first, last)
            _activate(total, activation)


def layer(inputs: Floats, weights: Floats, bias: Floats, activation: str = "identity") -> Floats:
    """Give f8[O, S] from f8[I, S] (any memory order); the kernel is compiled once a machine."""
    out = np.empty((weights.shape[0], inputs.shape[1]))
    _compiled().function(np.ascontiguousarray(inputs), weights, bias, ACTIVATIONS.index(activation), out)
    return out


@cache
def _compiled() -> Kernel:
    """The kernel with machine code, from `state/kernels/DIGEST` in the checkout where it lies there."""
    digest = sha256(platform_text().encode())
    for path in (Path(__file__), _KERNELS / "build.py"):
        digest.update(path.read_bytes())
    cache_in(Path(__file__).parents[2] / "state" / "kernels" / digest.hexdigest()[:32], dense.function)
    dense.function.compile(dense.signature)
    dense.function.disable_compile()
    return dense
