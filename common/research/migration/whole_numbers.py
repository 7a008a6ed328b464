"""Which parts of a text vnpy 4.5.0 holds as whole numbers: comparisons, signs, and what is made of them alone."""

import ast
from collections.abc import Collection

KEEPING = frozenset({
    "ts_delay", "ts_delta", "ts_min", "ts_max", "ts_argmin", "ts_argmax", "ts_sum", "ts_product", "abs", "ts_abs",
    "cs_sum", "ts_mean", "ts_std", "ts_quantile", "ts_rank", "ts_decay_linear",
})  # fmt: skip
"""Operators that give whole numbers for a series of whole numbers, some by a cast."""

CHOOSING = {"less": (0, 1), "greater": (0, 1), "ts_less": (0, 1), "ts_greater": (0, 1), "quesval": (2, 3),
            "quesval2": (2, 3)}  # fmt: skip
"""Operators that give one of the arguments at these places."""


def is_whole(node: ast.expr, columns: Collection[str]) -> bool:
    """Whether vnpy's frame holds the node's values as integers; columns: those of the bars it holds so."""
    match node:
        case ast.Constant(value=value):
            found = isinstance(value, int)
        case ast.Name(id=name):
            found = name in columns
        case ast.UnaryOp(operand=operand):
            found = is_whole(operand, columns)
        case ast.BinOp(left=left, op=op, right=right):
            found = not isinstance(op, ast.Div) and is_whole(left, columns) and is_whole(right, columns)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            found = _call(name, arguments, columns)
        case _:
            found = isinstance(node, ast.Compare)
    return found


def _call(name: str, arguments: list[ast.expr], columns: Collection[str]) -> bool:
    if name == "sign":
        return True
    places = (0,) if name in KEEPING else CHOOSING.get(name, ())
    chosen = [arguments[place] for place in places if place < len(arguments)]
    return bool(chosen) and all(is_whole(each, columns) for each in chosen)
