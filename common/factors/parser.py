"""Text to expression: a whitelist over Python's grammar; nothing is ever evaluated."""

import ast
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from common.errors import ExpressionError
from common.factors.definition import COLUMNS, Kind, Operator, Parameter
from common.factors.expression import Call, Column, Constant, Expression, Number
from common.factors.foreign import foreign_part
from common.factors.grammar import BINARY, COMPARE
from common.factors.operators import OPERATORS
from common.factors.text import Text
from common.factors.vocabulary import Vocabulary


def parse(
    text: str,
    *,
    name: str = "",
    future: bool = False,
    series: Mapping[str, Expression] | None = None,
    constants: Mapping[str, Number] | None = None,
    operators: Mapping[str, Operator] = OPERATORS,
    beside: Collection[str] = (),
) -> Expression:
    """Read one expression; `future` allows negative delays; `series` and `constants` are names beside the columns.

    operators: what may be called; `common.factors.own_operators` adds a user's to the table. beside: other factors,
    which may be what a wrong name means.

    Raises ExpressionError with the factor's name, the text and the position (first character 1).
    """
    words = Vocabulary(series or {}, constants or {}, operators, beside)
    reader = _Reader(Text(text, _who(name, future=future)), future, words)
    return reader.expression(reader.text.tree())


def apply(name: str, *arguments: Expression | Number) -> Expression:
    """Apply an operator by name, as its text would: `apply("ts_mean", close, 20)`; negative delays are allowed."""
    inside = {f"x{i}": each for i, each in enumerate(arguments) if isinstance(each, Expression)}
    written = [f"x{i}" if isinstance(each, Expression) else repr(each) for i, each in enumerate(arguments)]
    return parse(f"{name}({', '.join(written)})", future=True, series=inside)


def _who(name: str, *, future: bool) -> str:
    """What errors call a text: ahead of time only labels look, and operators, which do not know who calls them."""
    if future and name == "label":
        return "the label"
    return f"{'operator' if future else 'factor'} {name!r}" if name else ""


@dataclass(frozen=True, slots=True)
class _Reader:
    text: Text
    future: bool
    words: Vocabulary

    def expression(self, tree: ast.expr) -> Expression:
        """Turn Python's tree into an expression that reads at least one column."""
        found = self._read(tree)
        if isinstance(found, Constant):
            raise self.text.error("is a constant; it must use at least one bar column", 1)
        return found

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
        raise self._foreign(node, node)

    def _foreign(self, part: ast.AST, at: ast.expr) -> ExpressionError:
        """Make the error about a part of Python's grammar; what has no name of its own is shown as it is written."""
        part = getattr(part, "op", part)
        shown = ast.get_source_segment(self.text.text, at) or type(part).__name__
        return self.text.error(foreign_part(part, shown), self.text.position(at))

    def _binary(self, node: ast.BinOp) -> Expression:
        found = BINARY.get(type(node.op))
        if found is None:
            raise self._foreign(node, node.right)
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
            raise self.text.error("holds arithmetic of constants that gives no finite number", self.text.position(node))
        return Constant(value)

    def _unary(self, node: ast.UnaryOp) -> Expression:
        inside = self._read(node.operand)
        if isinstance(node.op, ast.UAdd):
            return inside
        return Constant(-inside.value) if isinstance(inside, Constant) else Call("neg", (inside,))

    def _compare(self, node: ast.Compare) -> Expression:
        if len(node.ops) != 1:
            raise self.text.error("chains comparisons; write them one by one", self.text.position(node.comparators[1]))
        name = COMPARE.get(type(node.ops[0]))
        if name is None:
            raise self._foreign(node.ops[0], node.comparators[0])
        return self._apply(node, OPERATORS[name], [node.left, node.comparators[0]])

    def _call(self, node: ast.Call) -> Expression:
        if isinstance(node.func, ast.Attribute):
            raise self._foreign(node.func, node.func)
        if not isinstance(node.func, ast.Name):
            raise self.text.error("calls something that is not an operator's name", self.text.position(node.func))
        operator = self.words.called(node.func.id)
        if operator is None:
            raise self.text.error(f"uses {self.words.unknown_operator(node.func.id)}", self.text.position(node.func))
        if node.keywords:
            raise self.text.error(
                "names an argument; operators take theirs by place", self.text.position(node.keywords[0].value)
            )
        return self._apply(node, operator, node.args)

    def _apply(self, node: ast.expr, operator: Operator, arguments: list[ast.expr]) -> Expression:
        wanted = len(operator.series) + len(operator.parameters)
        if len(arguments) != wanted:
            raise self.text.error(
                f"gives {operator.name} {len(arguments)} arguments; it takes {wanted}: {operator.usage}",
                self.text.position(node),
            )
        series = tuple(self._read(each) for each in arguments[: len(operator.series)])
        rest = zip(arguments[len(operator.series) :], operator.parameters, strict=True)
        parameters = tuple(self._parameter(each, operator, wants) for each, wants in rest)
        if operator.kind is not Kind.ELEMENT and operator.kind is not Kind.COMPOSITION:
            for each, tree in zip(series, arguments, strict=False):
                if isinstance(each, Constant):
                    raise self.text.error(f"gives {operator.name} a constant for a series", self.text.position(tree))
        if all(isinstance(each, Constant) for each in series):
            raise self.text.error(f"applies {operator.name} to constants only", self.text.position(node))
        if operator.kind is Kind.COMPOSITION:
            return self._write_out(operator, series, parameters)
        return Call(operator.name, series, parameters, None if operator.name in OPERATORS else operator)

    def _write_out(
        self, operator: Operator, series: tuple[Expression, ...], parameters: tuple[Number, ...]
    ) -> Expression:
        """Read what a composition stands for, so that it shares nodes with the same written by hand."""
        constants = dict(zip((each.name for each in operator.parameters), parameters, strict=True))
        inside = dict(zip(operator.series, series, strict=True))
        words = Vocabulary(inside, constants, self.words.operators)
        reader = _Reader(Text(operator.stands_for, self.text.who), self.future, words)
        return reader.expression(reader.text.tree())

    def _parameter(self, node: ast.expr, operator: Operator, wants: Parameter) -> Number:
        found = self._read(node)
        at = self.text.position(node)
        if not isinstance(found, Constant):
            raise self.text.error(f"gives {operator.name} a {wants.name} that is not constant", at)
        if (refused := wants.refusal(found.value, operator.name, future=self.future)) is not None:
            raise self.text.error(refused, at)
        return int(found.value) if wants.whole else found.value

    def _name(self, node: ast.Name) -> Expression:
        if node.id in self.words.series:
            return self.words.series[node.id]
        if node.id in self.words.constants:
            return Constant(float(self.words.constants[node.id]))
        if node.id not in COLUMNS:
            raise self.text.error(f"uses {self.words.unknown(node.id)}", self.text.position(node))
        return Column(node.id)

    def _constant(self, node: ast.Constant) -> Expression:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self.text.error(f"holds {node.value!r}, which is not a number", self.text.position(node))
        try:
            value = float(node.value)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            raise self.text.error("holds a number too large to be one", self.text.position(node))
        return Constant(value)
