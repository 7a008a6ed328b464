"""What a user's function uses besides its arguments: made part of its digest, and compiled as kernels are.

A digest of the text alone would call two functions equal that differ in a constant of their module, in a value around
them or in a function they call. So all of these count; what cannot be put into a digest is refused.
"""

import builtins
import dis
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numba
import numpy as np

from common.errors import FactorError
from common.factors.kernels.build import OPTIONS

_LIBRARIES = frozenset({"math", "numba", "numpy"})
"""Whose functions a user's may call; they stand in the digest by name."""


@dataclass(frozen=True, slots=True)
class Captured:
    """A function compiled with bounds checked, in its helpers too, and the digest of all it depends on."""

    compiled: Any
    digest: bytes


def capture(usage: str, function: Callable[..., Any]) -> Captured:
    """Compile a function, and take its digest; FactorError naming what it uses and cannot be put into one."""
    reader = _Reader(usage, {})
    text, compiled = reader.function(function.__name__, function)
    return Captured(compiled, sha256(text.encode()).digest())


@dataclass(frozen=True, slots=True)
class _Reader:
    """Known functions are those begun; None stands for one that is not finished."""

    usage: str
    known: dict[FunctionType, tuple[str, Any] | None]

    def function(self, name: str, given: Any) -> tuple[str, Any]:
        """Return what a function depends on, as text, and the function compiled; its helpers first."""
        plain = getattr(given, "py_func", given)
        if plain not in self.known:
            self.known[plain] = None
            self.known[plain] = self._read(plain)
        found = self.known[plain]
        if found is None:
            raise self._error(name, "a function that calls itself")
        return found

    def _read(self, plain: FunctionType) -> tuple[str, Any]:
        parts = [self._source(plain)]
        inside = {name: self._value(parts, name, value) for name, value in _globals(plain).items()}
        around = zip(plain.__code__.co_freevars, plain.__closure__ or (), strict=True)
        cells = tuple(CellType(self._value(parts, name, self._content(name, cell))) for name, cell in around)
        for name, value in _defaults(plain):
            self._value(parts, name, value)
        made = FunctionType(plain.__code__, {**plain.__globals__, **inside}, plain.__name__, plain.__defaults__, cells)
        made.__kwdefaults__ = plain.__kwdefaults__
        return "\n".join(parts), numba.njit(**OPTIONS | {"boundscheck": True})(made)

    def _source(self, plain: FunctionType) -> str:
        try:
            return inspect.getsource(plain)
        except (OSError, TypeError) as error:
            raise self._error(plain.__name__, "a function whose source cannot be read") from error

    def _content(self, name: str, cell: CellType) -> Any:
        try:
            return cell.cell_contents
        except ValueError:
            raise self._error(name, "a name without a value yet") from None

    def _value(self, parts: list[str], name: str, value: Any) -> Any:
        """Note what a name stands for; return what stands for it when it is compiled."""
        if hasattr(value, "py_func") or (isinstance(value, FunctionType) and not _is_library(value)):
            text, value = self.function(name, value)
        else:
            text = _text(value)
            # The compiler takes contents when it is asked for code, which may be after they were changed.
            value = value.copy() if isinstance(value, np.ndarray) else value
        if not text:
            raise self._error(name, f"{type(value).__name__}, not a number, a tuple of numbers, an array or a function")
        parts.append(f"{name} = {text}")
        return value

    def _error(self, name: str, what: str) -> FactorError:
        return FactorError(
            f"operator {self.usage!r}: the function uses {name!r}, which is {what}; hand it in otherwise"
        )


def _globals(plain: FunctionType) -> Mapping[str, Any]:
    """Return globals a function reads, by name; those of Python itself are named in its source."""
    names = sorted(set(_names(plain.__code__)))
    found = {name: plain.__globals__[name] for name in names if name in plain.__globals__}
    return {name: value for name, value in found.items() if getattr(builtins, name, None) is not value}


def _names(code: CodeType) -> Iterator[str]:
    """Name globals, in functions within the function too."""
    for each in dis.get_instructions(code):
        if each.opname in {"LOAD_GLOBAL", "LOAD_NAME"}:
            yield each.argval
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _defaults(plain: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield arguments with a value: the source names it, and need not say what it is."""
    for name, each in inspect.signature(plain).parameters.items():
        if each.default is not inspect.Parameter.empty:
            yield name, each.default


def _text(value: Any) -> str:
    """Write a value to the bit; "" for what may not be captured."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return f"array {value.dtype.str}{value.shape} {sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}"
    if isinstance(value, float):
        return float(value).hex()
    if isinstance(value, int | np.number | np.bool_):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, tuple):
        inner = [_text(each) if isinstance(each, int | float | np.number | tuple) else "" for each in value]
        return f"({', '.join(inner)})" if all(inner) else ""
    return f"of {_name(value)}" if _is_library(value) else ""


def _is_library(value: Any) -> bool:
    return (isinstance(value, ModuleType | np.ufunc) or callable(value)) and _name(value).split(".")[0] in _LIBRARIES


def _name(value: Any) -> str:
    if isinstance(value, ModuleType):
        return value.__name__
    return f"{'numpy' if isinstance(value, np.ufunc) else value.__module__}.{getattr(value, '__name__', '')}"
