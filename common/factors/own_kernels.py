"""Kernels of a user's functions: whatever a function raises names its operator, and it is tried before any bar."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from common.errors import FactorError
from common.factors.expression import Call, Expression
from common.factors.kernels.build import Kernel, part_of_kernel
from common.factors.kernels.windows import window_kernel


@dataclass(frozen=True, slots=True)
class OwnKernel(Kernel):
    """A kernel around a user's function, which may raise; plain: the function itself, of windows of `series` series."""

    plain: Any
    series: int

    def try_out(self, window: int) -> None:
        """Call the function once with windows of this length; FactorError if it raises."""
        rising = np.linspace(1.0, 2.0, window)
        try:
            self.plain(*(rising + place for place in range(self.series)))
        except Exception as error:  # a user's function may raise anything
            raise FactorError(
                f"operator {self.name!r}: the function fails on a window of {window}: {type(error).__name__}: {error}"
            ) from error


def try_out(expressions: Sequence[Expression]) -> None:
    """Call each function of a user's that expressions use, once for each of its windows; FactorError if it raises."""
    waiting, tried = list(expressions), set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in tried or not isinstance(each, Call):
            continue
        tried.add(id(each))
        waiting += each.series
        if isinstance(each.operator.kernel, OwnKernel):
            each.operator.kernel.try_out(int(each.parameters[0]))


def own_kernel(name: str, compiled: Any, series: int) -> OwnKernel:
    """Make a kernel of a compiled function of one or two windows."""
    made = window_kernel(name, _GUARDS[series](name, compiled), series)
    return OwnKernel(made.name, made.signature, made.function, compiled, series)


def _guard_one(name: str, function: Any) -> Any:
    """Let whatever a function raises come out as one error that says whose it is."""
    message = _failure(name)

    @part_of_kernel
    def guarded(values: Any) -> Any:
        answer, failed = 0.0, False
        try:
            answer = float(function(values))
        except Exception:  # noqa: BLE001  a user's function may raise anything
            failed = True
        if failed:  # compiled code cannot raise while it handles another
            raise FactorError(message)
        return answer

    return guarded


def _guard_two(name: str, function: Any) -> Any:
    message = _failure(name)

    @part_of_kernel
    def guarded(left: Any, right: Any) -> Any:
        answer, failed = 0.0, False
        try:
            answer = float(function(left, right))
        except Exception:  # noqa: BLE001  a user's function may raise anything
            failed = True
        if failed:  # compiled code cannot raise while it handles another
            raise FactorError(message)
        return answer

    return guarded


_GUARDS: Mapping[int, Callable[[str, Any], Any]] = MappingProxyType({1: _guard_one, 2: _guard_two})


def _failure(name: str) -> str:
    return f"operator {name!r}: the function raised an error on these bars; let it return nan where it has no answer"
