"""Which of Python's signs are operators, and what they make of two constants."""

import ast
import math
import operator as arithmetic
from collections.abc import Callable, Mapping
from types import MappingProxyType

BINARY: Mapping[type[ast.operator], tuple[str, Callable[[float, float], float]]] = MappingProxyType(
    {
        ast.Add: ("add", arithmetic.add),
        ast.Sub: ("sub", arithmetic.sub),
        ast.Mult: ("mul", arithmetic.mul),
        ast.Div: ("div", arithmetic.truediv),
        ast.FloorDiv: ("floordiv", arithmetic.floordiv),
        ast.Mod: ("mod", arithmetic.mod),
        ast.Pow: ("pow", math.pow),
    }
)

COMPARE: Mapping[type[ast.cmpop], str] = MappingProxyType({
    ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne",
})  # fmt: skip
