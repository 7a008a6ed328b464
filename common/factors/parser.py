"""Text to expression: a whitelist over Python's grammar; nothing is ever evaluated."""

import ast
import math
import operator as arithmetic
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from common.errors import ExpressionError
from common.factors.expression import Call, Column, Constant, Expression, Number
from common.factors.operators import COLUMNS, OPERATORS, Kind, Operator, Parameter

MAX_LENGTH = 10_000
MAX_DEPTH = 100

_NUMBER_LIKE = re.compile(r"(?<![\w.])(\d|\.\d)[\w.]*")
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE]\d*)?")

_BINARY: Mapping[type[ast.operator], tuple[str, Callable[[float, float], float]]] = MappingProxyType(
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

_COMPARE: Mapping[type[ast.cmpop], str] = MappingProxyType({
    ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne",
})  # fmt: skip


def parse(
    text: str,
    *,
    name: str = "",
    future: bool = False,
    series: Mapping[str, Expression] | None = None,
    constants: Mapping[str, Number] | None = None,
) -> Expression:
    """Read one expression; `future` allows negative delays; `series` and `constants` are names beside the columns.

    Raises ExpressionError with the factor's name, the text and the position (first character 1).
    """
    reader = _Reader(text, name, future, series or {}, constants or {})
    return reader.expression(reader.tree())


def apply(name: str, *arguments: Expression | Number) -> Expression:
    """Apply an operator by name, as its text would: `apply("ts_mean", close, 20)`; negative delays are allowed."""
    inside = {f"x{i}": each for i, each in enumerate(arguments) if isinstance(each, Expression)}
    written = [f"x{i}" if isinstance(each, Expression) else repr(each) for i, each in enumerate(arguments)]
    return parse(f"{name}({', '.join(written)})", future=True, series=inside)


@dataclass(frozen=True, slots=True)
class _Reader:
    text: str
    name: str
    future: bool
    series: Mapping[str, Expression]
    constants: Mapping[str, Number]

    def tree(self) -> ast.expr:
        """Check the text as a whole and let Python read it."""
        if not self.text.strip():
            raise self._error("is empty", 1)
        if len(self.text) > MAX_LENGTH:
            raise self._error(f"has {len(self.text)} characters; at most {MAX_LENGTH} are allowed", MAX_LENGTH + 1)
        if not self.text.isascii():
            odd = next(i for i, letter in enumerate(self.text) if not letter.isascii())
            raise self._error(f"holds {self.text[odd]!r}, which is not ASCII", odd + 1)
        for odd, letter in enumerate(self.text):
            if letter in "\"'\\;#@$?!:{}[]`~^&|" and self.text[odd : odd + 2] != "!=":
                raise self._error(f"holds {letter!r}, which has no meaning here", odd + 1)
        # Python would read 1_0, 0x10 and 1j, and warn about 1if.
        for found in _NUMBER_LIKE.finditer(self.text):
            if not _NUMBER.fullmatch(found[0]):
                raise self._error(f"holds {found[0]!r}, which is not a number", found.start() + 1)
        try:
            return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            raise self._error(f"cannot be read: {error.msg}", self._at(error.lineno or 1, error.offset or 0)) from None
        except (ValueError, RecursionError, MemoryError):
            raise self._error("is nested too deeply", 1) from None

    def expression(self, tree: ast.expr) -> Expression:
        """Turn Python's tree into an expression that reads at least one column."""
        self._limit_depth(tree)
        found = self._read(tree)
        if isinstance(found, Constant):
            raise self._error("is a constant; it must use at least one bar column", 1)
        return found

    def _limit_depth(self, tree: ast.expr) -> None:
        level: list[ast.expr] = [tree]
        for _ in range(MAX_DEPTH):
            level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
            if not level:
                return
        raise self._error(f"is nested deeper than {MAX_DEPTH} levels", self._position(level[0]))

    def _read(self, node: ast.expr) -> Expression:
        match node:
            case ast.BinOp():
                return self._binary(node)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                return self._unary(node)
            case ast.Compare():
                return self._compare(node)
            case ast.Call():
                return self._call(node)
            case ast.Name():
                return self._name(node)
            case ast.Constant():
                return self._constant(node)
        raise self._error(f"uses {type(node).__name__}, which factors do not have", self._position(node))

    def _binary(self, node: ast.BinOp) -> Expression:
        found = _BINARY.get(type(node.op))
        if found is None:
            raise self._error(f"uses {type(node.op).__name__}, which factors do not have", self._position(node.right))
        name, fold = found
        left, right = self._read(node.left), self._read(node.right)
        if isinstance(left, Constant) and isinstance(right, Constant):
            return self._fold(node, fold, left.value, right.value)
        return Call(name, (left, right))

    def _fold(self, node: ast.expr, fold: Callable[[float, float], float], left: float, right: float) -> Constant:
        try:
            value = fold(left, right)
        except (ZeroDivisionError, OverflowError, ValueError):
            value = math.nan
        if not math.isfinite(value):
            raise self._error("holds arithmetic of constants that gives no finite number", self._position(node))
        return Constant(value)

    def _unary(self, node: ast.UnaryOp) -> Expression:
        inside = self._read(node.operand)
        if isinstance(node.op, ast.UAdd):
            return inside
        return Constant(-inside.value) if isinstance(inside, Constant) else Call("neg", (inside,))

    def _compare(self, node: ast.Compare) -> Expression:
        if len(node.ops) != 1:
            raise self._error("chains comparisons; write them one by one", self._position(node.comparators[1]))
        name = _COMPARE.get(type(node.ops[0]))
        if name is None:
            what = type(node.ops[0]).__name__
            raise self._error(f"uses {what}, which factors do not have", self._position(node.comparators[0]))
        return self._apply(node, OPERATORS[name], [node.left, node.comparators[0]])

    def _call(self, node: ast.Call) -> Expression:
        if not isinstance(node.func, ast.Name):
            raise self._error("calls something that is not an operator's name", self._position(node.func))
        operator = OPERATORS.get(node.func.id)
        if operator is None or operator.symbol:
            written = [row.name for row in OPERATORS.values() if not row.symbol]
            hint = did_you_mean(node.func.id, written)
            raise self._error(f"uses unknown operator {node.func.id!r}{hint}", self._position(node.func))
        if node.keywords:
            raise self._error(
                "names an argument; operators take theirs by place", self._position(node.keywords[0].value)
            )
        return self._apply(node, operator, node.args)

    def _apply(self, node: ast.expr, operator: Operator, arguments: list[ast.expr]) -> Expression:
        wanted = len(operator.series) + len(operator.parameters)
        if len(arguments) != wanted:
            raise self._error(
                f"gives {operator.name} {len(arguments)} arguments; it takes {wanted}: {operator.usage}",
                self._position(node),
            )
        series = tuple(self._read(each) for each in arguments[: len(operator.series)])
        rest = zip(arguments[len(operator.series) :], operator.parameters, strict=True)
        parameters = tuple(self._parameter(each, operator, wants) for each, wants in rest)
        if operator.kind is not Kind.ELEMENT and operator.kind is not Kind.COMPOSITION:
            for each, tree in zip(series, arguments, strict=False):
                if isinstance(each, Constant):
                    raise self._error(f"gives {operator.name} a constant for a series", self._position(tree))
        if all(isinstance(each, Constant) for each in series):
            raise self._error(f"applies {operator.name} to constants only", self._position(node))
        if operator.kind is Kind.COMPOSITION:
            return self._write_out(operator, series, parameters)
        return Call(operator.name, series, parameters)

    def _write_out(
        self, operator: Operator, series: tuple[Expression, ...], parameters: tuple[Number, ...]
    ) -> Expression:
        """Read what a composition stands for, so that it shares nodes with the same written by hand."""
        constants = dict(zip((each.name for each in operator.parameters), parameters, strict=True))
        inside = dict(zip(operator.series, series, strict=True))
        return parse(operator.stands_for, name=self.name, future=True, series=inside, constants=constants)

    def _parameter(self, node: ast.expr, operator: Operator, wants: Parameter) -> Number:
        found = self._read(node)
        at = self._position(node)
        if not isinstance(found, Constant):
            raise self._error(f"gives {operator.name} a {wants.name} that is not constant", at)
        value = found.value
        if wants.whole and not value.is_integer():
            raise self._error(f"gives {operator.name} a {wants.name} of {value:g}; it must be whole", at)
        if wants.name == "delay" and value == 0:
            raise self._error(f"gives {operator.name} a delay of 0; leave the operator out", at)
        if wants.name == "delay" and value < 0 and not self.future:
            raise self._error(
                f"looks ahead: {operator.name} with a delay of {value:g}; only labels may, factors may not", at
            )
        if not wants.least <= value <= wants.most:
            allowed = f"{wants.least:g} to {wants.most:g}"
            raise self._error(f"gives {operator.name} a {wants.name} of {value:g}; allowed is {allowed}", at)
        return int(value) if wants.whole else value

    def _name(self, node: ast.Name) -> Expression:
        if node.id in self.series:
            return self.series[node.id]
        if node.id in self.constants:
            return Constant(float(self.constants[node.id]))
        if node.id not in COLUMNS:
            hint = did_you_mean(node.id, [*COLUMNS, *OPERATORS])
            raise self._error(f"uses unknown name {node.id!r}{hint}", self._position(node))
        return Column(node.id)

    def _constant(self, node: ast.Constant) -> Expression:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self._error(f"holds {node.value!r}, which is not a number", self._position(node))
        try:
            value = float(node.value)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            raise self._error("holds a number too large to be one", self._position(node))
        return Constant(value)

    def _position(self, node: ast.expr) -> int:
        return self._at(node.lineno, node.col_offset + 1)

    def _at(self, line: int, column: int) -> int:
        """Return the position in the whole text; Python gives column 0 for an early end."""
        before = sum(len(each) + 1 for each in self.text.split("\n")[: line - 1])
        return before + column if column else len(self.text) + 1

    def _error(self, what: str, position: int) -> ExpressionError:
        who = f"factor {self.name!r}" if self.name else "the expression"
        shown = self.text if len(self.text) <= 200 else f"{self.text[:200]}..."
        return ExpressionError(f"{who} {what} (position {position} of {shown!r})")


def did_you_mean(name: str, known: list[str]) -> str:
    """Return '; did you mean ...?' or what there is."""
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(known)}"
