"""Kernels that make no arrays: without reference counts, a call on a tile takes a tenth of the time.

numba counts references to every view of an array, atomically; the views kernels take of a tile are of memory that
outlives them all, and counting them costs more than the arithmetic on it.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from common.factors.kernels.build import OPTIONS, Kernel

_Function = TypeVar("_Function", bound=Callable[..., Any])
_LEAN = {**OPTIONS, "_nrt": False}


def kernel(signature: Any) -> Callable[[Callable[..., Any]], Kernel]:
    """Make a kernel that makes no array; nothing is compiled at import."""

    def build(function: Callable[..., Any]) -> Kernel:
        return Kernel(name=function.__name__, signature=signature, function=numba.njit(**_LEAN)(function))

    return build


def part_of_kernel(function: _Function) -> _Function:
    """Make a function that such kernels call; it is compiled into each caller."""
    return cast("_Function", numba.njit(forceinline=True, **_LEAN)(function))


def view_of_memory(function: _Function) -> _Function:
    """Make a function that returns a view; it is written out in its callers, as without counts none can be returned."""
    return cast("_Function", numba.njit(inline="always", **_LEAN)(function))
