"""What other languages write and factors do not have, and what says the same here."""

import ast
from collections.abc import Mapping
from types import MappingProxyType

_BOTH, _EITHER, _NOT = "(x > 0) * (y > 0)", "greater(x > 0, y > 0)", "1 - (x > 0)"
_CHOICE = "quesval(threshold, x, yes, no), which is yes where threshold < x"
_QUOTES = "names without quotes"

SIGNS: Mapping[str, str] = MappingProxyType({
    "&": _BOTH, "|": _EITHER, "~": _NOT, "!": f"{_NOT}, or != for unequal", "^": "x ** y for a power",
    "?": _CHOICE, ":": _CHOICE, "[": "ts_delay(x, 5) for the value of five bars ago", "]": "ts_delay(x, 5)",
    "$": "columns by their names alone, such as close", "'": _QUOTES, '"': _QUOTES, "`": _QUOTES, "@": "x * y",
    ";": "one expression a factor", "#": "comments outside of the text",
})  # fmt: skip
"""Instead of a character that has no meaning here."""

NODES: Mapping[type[ast.AST], tuple[str, str]] = MappingProxyType({
    ast.And: ("and", _BOTH), ast.Or: ("or", _EITHER), ast.Not: ("not", _NOT), ast.IfExp: ("if ... else", _CHOICE),
    ast.Is: ("is", "=="), ast.IsNot: ("is not", "!="), ast.In: ("in", "(x == 1) + (x == 2)"),
    ast.NotIn: ("not in", "1 - (x == 1) - (x == 2)"),
    ast.LShift: ("<<", "x * 2 ** n"), ast.RShift: (">>", "x / 2 ** n"),
    ast.Attribute: (".", "ts_mean(close, 5), not close.mean(5)"), ast.Tuple: (",", "one expression a factor"),
    ast.Starred: ("*", "each argument by itself"),
})  # fmt: skip
"""How a part of Python's grammar is written, and what to write instead."""

NAMES: Mapping[str, str] = MappingProxyType({
    "sqrt": "x ** 0.5", "exp": "2.718281828459045 ** x", "ln": "log(x)", "power": "x ** y", "pow": "x ** y",
    "ref": "ts_delay(x, delay)", "shift": "ts_delay(x, delay)", "lag": "ts_delay(x, delay)",
    "delta": "ts_delta(x, delay)", "diff": "ts_delta(x, delay)", "where": _CHOICE, "if": _CHOICE, "iif": _CHOICE,
    "max": "greater(x, y) of two, ts_max(x, window) over time", "min": "less(x, y) of two, ts_min(x, window) over time",
    "rank": "cs_rank(x) within a section, ts_rank(x, window) over time",
    "mean": "ts_mean(x, window) over time, cs_mean(x) within a section",
    "std": "ts_std(x, window) over time, cs_std(x) within a section",
    "sum": "ts_sum(x, window) over time, cs_sum(x) within a section",
})  # fmt: skip
"""Operators under the names that others give them, in small letters."""


def instead_of_sign(sign: str) -> str:
    """End of an error text about a character; empty where nothing is meant by it elsewhere."""
    return f"; write {SIGNS[sign]}" if sign in SIGNS else ""


def foreign_part(node: ast.AST, shown: str) -> str:
    """Say what stands there that factors do not have, and what to write; `shown` is its text, where it has no name."""
    sign, instead = NODES.get(type(node), (shown, ""))
    return f"uses {sign!r}, which factors do not have{'; write ' if instead else ''}{instead}"
