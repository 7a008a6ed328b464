"""A user's own operators: a composition of others by text, or a function of a window that is compiled.

    spread_rank = composition("spread_rank(x, y, window)", "ts_rank(x - y, window)")

    @window_operator("ts_range(x, window)")
    def ts_range(values):
        return values.max() - values.min()

    factor_set = FactorSet(name, factors, label, operators=(spread_rank, ts_range))

A composition is written out where it is used. A function gets the own bars of a window, oldest first, where all are
numbers (elsewhere the answer is NaN), and returns one number. It is part of the plan's digest by its source, the
functions it calls and the values it uses. It is compiled with bounds checked, and tried on each window it is used with.
"""

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from numba import types
from numba.core.errors import NumbaError

from common.errors import FactorError
from common.factors.captures import capture
from common.factors.definition import MAX_WINDOW, Kind, Needs, Operator, Parameter
from common.factors.depth import check_depth
from common.factors.expression import Column, Expression, Number
from common.factors.operators import with_own
from common.factors.own_kernels import own_kernel
from common.factors.parser import parse

_USAGE = re.compile(r"(?P<name>[A-Za-z_]\w*)\((?P<arguments>[A-Za-z_]\w*(?:, *[A-Za-z_]\w*)*)\)")
_LINE = re.compile(r'^File ".*", line (\d+):', re.MULTILINE)
_CONSTANTS = ("window", "delay")
"""Arguments of these names, and those behind them, are whole constants; the others are series."""


def composition(usage: str, text: str, *, operators: Sequence[Operator] = ()) -> Operator:
    """Make an operator that stands for a text; `usage` names it and its arguments: "spread(x, y, window)".

    operators: a user's own that the text uses. Raises FactorError or ExpressionError for what cannot be read.
    """
    written = _Usage.read(usage)
    series: dict[str, Expression] = {name: Column("close") for name in written.series}
    constants: dict[str, Number] = {each.name: 2 for each in written.parameters}
    known = with_own(operators)
    try:
        found = parse(text, name=written.name, future=True, series=series, constants=constants, operators=known)
    except RecursionError:
        raise FactorError(f"operator {usage!r} calls operators that call operators, too many in a row") from None
    check_depth(f"operator {usage!r}", found)
    return Operator(
        written.name,
        Kind.COMPOSITION,
        written.series,
        text,
        "as there",
        "own",
        written.parameters,
        stands_for=text,
    )


def window_operator(usage: str) -> Callable[[Callable[..., Any]], Operator]:
    """Make an operator of a function of one or two windows: "name(x, window)" or "name(x, y, window)".

    Raises FactorError where the function cannot be compiled, does not return one number, or uses what a digest cannot
    hold.
    """
    written = _Usage.read(usage)
    if [each.name for each in written.parameters] != ["window"] or len(written.series) > 2:
        raise FactorError(f"operator {usage!r}: a function of windows is name(x, window) or name(x, y, window)")

    def make(function: Callable[..., Any]) -> Operator:
        captured = capture(usage, function)
        answer = _compile(usage, captured.compiled, len(written.series))
        if not isinstance(answer, types.Number | types.Boolean):
            raise FactorError(f"operator {usage!r}: the function returns {answer}; it must return one number")
        return Operator(
            written.name,
            Kind.FOLD,
            written.series,
            inspect.getdoc(function) or function.__name__,
            "NaN if any in the window is",
            "own",
            written.parameters,
            needs=Needs.ALL,
            kernel=own_kernel(written.name, captured.compiled, len(written.series)),
            alone=True,
            version=int.from_bytes(captured.digest[:8], "little"),
        )

    return make


def _compile(usage: str, compiled: Any, series: int) -> Any:
    """Compile for windows of numbers; return the type of the answer."""
    signature = (types.float64[::1],) * series
    try:
        compiled.compile(signature)
    except (NumbaError, TypeError) as error:
        raise FactorError(f"operator {usage!r}: the function cannot be compiled: {_reason(error)}") from error
    return compiled.overloads[signature].signature.return_type


def _reason(error: Exception) -> str:
    """Return what the compiler means, and the line in the user's file, of the pages it says."""
    said = str(error)
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("Failed in")]
    line = _LINE.search(said)
    return f"{lines[0] if lines else type(error).__name__}{f' (line {line[1]})' if line else ''}"


@dataclass(frozen=True, slots=True)
class _Usage:
    """A name, series, and constants."""

    name: str
    series: tuple[str, ...]
    parameters: tuple[Parameter, ...]

    @classmethod
    def read(cls, usage: str) -> "_Usage":
        found = _USAGE.fullmatch(usage)
        if found is None:
            raise FactorError(f"operator {usage!r}: write it as it is used, as in 'spread(x, y, window)'")
        arguments = [each.strip() for each in found["arguments"].split(",")]
        first = next((place for place, each in enumerate(arguments) if each in _CONSTANTS), len(arguments))
        if not first or len(set(arguments)) < len(arguments):
            raise FactorError(f"operator {usage!r}: it takes at least one series, and each argument once")
        for each in arguments[:first]:
            if meant := get_close_matches(each, _CONSTANTS, n=1, cutoff=0.8):
                raise FactorError(
                    f"operator {usage!r}: {each!r} would be a series; did you mean {meant[0]!r}, which is a constant?"
                )
        with_own([Operator(found["name"], Kind.FOLD, (), "", "", "own")])
        parameters = tuple(
            Parameter(each, -MAX_WINDOW if each == "delay" else 1, MAX_WINDOW) for each in arguments[first:]
        )
        return cls(found["name"], tuple(arguments[:first]), parameters)
