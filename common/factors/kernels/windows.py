"""Kernels around a user's function of windows: each window is laid out oldest first and handed to it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from common.factors.kernels.build import Floats, Integers, Kernel, kernel, part_of_kernel
from common.factors.kernels.memory import CALL, NOTHING, SCRATCH, Frame, finite


@part_of_kernel
def lay_out(frame: Frame, operand: int, at: int, window: int, target: Floats) -> bool:
    """Copy a window of number `at` of a run, oldest first; tell whether all are numbers."""
    offset = frame.offsets[operand] + at
    memory = frame.arena if offset < SCRATCH else frame.values
    newest = offset if offset < SCRATCH else offset - SCRATCH
    known = True
    for age in range(window):
        value = memory[newest - age * frame.stride]
        target[window - 1 - age] = value
        known = known and value == value  # noqa: PLR0124  only NaN differs from itself
    return known


def _of_one(function: Any) -> Callable[..., None]:
    def run(frame: Frame, words: Integers, numbers: Floats) -> None:  # noqa: ARG001  one call for all kernels
        window, start = words[2], frame.offsets[words[1]]
        values = frame.work[:window]
        for at in range(frame.rows * frame.stride):
            known = lay_out(frame, words[0], at, window, values)
            answer = finite(float(function(values))) if known else NOTHING
            if start < SCRATCH:
                frame.arena[start + at] = answer
            else:
                frame.values[start - SCRATCH + at] = answer

    return run


def _of_two(function: Any) -> Callable[..., None]:
    def run(frame: Frame, words: Integers, numbers: Floats) -> None:  # noqa: ARG001  one call for all kernels
        window, start = words[3], frame.offsets[words[2]]
        left, right = frame.work[:window], frame.work[window : 2 * window]
        for at in range(frame.rows * frame.stride):
            known = lay_out(frame, words[0], at, window, left) & lay_out(frame, words[1], at, window, right)
            answer = finite(float(function(left, right))) if known else NOTHING
            if start < SCRATCH:
                frame.arena[start + at] = answer
            else:
                frame.values[start - SCRATCH + at] = answer

    return run


_RUNS: Mapping[int, Callable[[Any], Callable[..., None]]] = MappingProxyType({1: _of_one, 2: _of_two})


def window_kernel(name: str, function: Any, series: int) -> Kernel:
    """Make a kernel of a compiled function of one or two windows; it is not kept on disk: its sources are not ours."""
    made = kernel(CALL)(_RUNS[series](function))
    return Kernel(name, made.signature, made.function)
