"""Functions whose last bit depends on the mathematical library: nowhere else are log and pow called."""

import math

from common.factors.kernels.build import Floats
from common.factors.kernels.lean import part_of_kernel
from common.factors.kernels.memory import NOTHING, finite


@part_of_kernel
def log(x: Floats, out: Floats) -> None:
    """Natural logarithm; NaN at and below 0."""
    for i in range(out.size):
        out[i] = math.log(x[i]) if x[i] > 0.0 else NOTHING


@part_of_kernel
def power(x: Floats, y: Floats, out: Floats) -> None:
    """`x ** y`; NaN where it is not a real number."""
    for i in range(out.size):
        # libm says 1 for 1 ** NaN and NaN ** 0; a number made from a missing one is refused.
        known = x[i] == x[i] and y[i] == y[i]
        out[i] = finite(math.pow(x[i], y[i])) if known else NOTHING


@part_of_kernel
def signed_power(x: Floats, y: Floats, out: Floats) -> None:
    """sign(x) |x| ** y, and 0 at 0."""
    for i in range(out.size):
        if x[i] != x[i] or y[i] != y[i]:
            out[i] = NOTHING
        elif x[i] > 0.0:
            out[i] = finite(math.pow(x[i], y[i]))
        elif x[i] < 0.0:
            out[i] = finite(-math.pow(-x[i], y[i]))
        else:
            out[i] = 0.0


@part_of_kernel
def guarded_power(x: Floats, y: Floats, out: Floats) -> None:
    """Give x ** y above 0, -|x| ** y below 0 for whole y, else 0."""
    for i in range(out.size):
        if x[i] != x[i] or y[i] != y[i]:
            out[i] = NOTHING
        elif x[i] > 0.0:
            out[i] = finite(math.pow(x[i], y[i]))
        elif x[i] < 0.0 and math.floor(y[i]) == y[i]:
            out[i] = finite(-math.pow(-x[i], y[i]))
        else:
            out[i] = 0.0
