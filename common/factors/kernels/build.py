"""The one way to make a kernel: explicit signature, IEEE division, no reordering of sums, compiled only on demand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Booleans: TypeAlias = NDArray[np.bool_]

_Function = TypeVar("_Function", bound=Callable[..., Any])

TILE = 256
"""Elements a kernel works on at a time: a few dozen rows of this width stay in the first-level cache."""

OPTIONS: dict[str, Any] = {
    "error_model": "numpy",
    "nogil": True,
    "fastmath": False,
    "parallel": False,
    "boundscheck": False,
}


@dataclass(frozen=True, slots=True)
class Kernel:
    """A compiled function; `function` is numba's dispatcher, without machine code until compiled."""

    name: str
    signature: Any
    function: Any


def kernel(signature: Any) -> Callable[[Callable[..., Any]], Kernel]:
    """Make a kernel of a plain function; nothing is compiled at import."""

    def build(function: Callable[..., Any]) -> Kernel:
        return Kernel(name=function.__name__, signature=signature, function=numba.njit(**OPTIONS)(function))

    return build


def part_of_kernel(function: _Function) -> _Function:
    """Make a function that kernels call; it is compiled into each caller."""
    return cast("_Function", numba.njit(**OPTIONS)(function))
