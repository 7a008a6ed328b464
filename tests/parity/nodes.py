"""Texts taken apart by Python's own grammar: every operator applied in them, inputs before their users."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from common.factors.definition import Kind, Operator
from common.factors.operators import OPERATORS

PLACES = ("open", "high", "low", "close")
"""Columns that stand for an operator's inputs when it is applied alone."""

_SIGNS: Mapping[type[ast.AST], str] = MappingProxyType({
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.FloorDiv: "floordiv", ast.Mod: "mod",
    ast.Pow: "pow", ast.USub: "neg", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq",
    ast.NotEq: "ne",
})  # fmt: skip

DISCRETE = frozenset({
    "lt", "le", "gt", "ge", "eq", "ne", "sign", "quesval", "quesval2", "floordiv", "mod", "pow1", "pow2",
    "cs_rank", "ts_rank", "ts_argmin", "ts_argmax",
})  # fmt: skip
"""Operators that turn a difference in the last bit into a different answer."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operator applied: its whole text, and the texts of its inputs (None for a constant)."""

    text: str
    operator: Operator
    inputs: tuple[str | None, ...]
    constants: tuple[float, ...]
    alone: str

    @property
    def series(self) -> tuple[str, ...]:
        """Texts of the inputs that are series."""
        return tuple(each for each in self.inputs if each is not None)

    @property
    def window(self) -> int:
        """Own bars a value reads, this one included; 1 for elements and sections."""
        if self.operator.kind is Kind.FOLD:
            return int(self.constants[0])
        return max(1, int(self.constants[0]) + 1) if self.moves else 1

    @property
    def moves(self) -> bool:
        """Whether its constant is a delay."""
        return bool(self.operator.parameters) and self.operator.parameters[0].name == "delay"


def nodes_of(texts: Iterable[str]) -> dict[str, Node]:
    """List the operators applied in texts, each once; columns are not nodes."""
    found: dict[str, Node] = {}
    for text in texts:
        for node in _walk(ast.parse(text, mode="eval").body):
            found.setdefault(node.text, node)
    return found


def canonical(text: str) -> str:
    """Write a text as nodes are named."""
    return ast.unparse(ast.parse(text, mode="eval"))


def _walk(tree: ast.expr) -> Iterator[Node]:
    if _is_constant(tree) or isinstance(tree, ast.Name):
        return
    name, arguments = _applied(tree)
    operator = OPERATORS[name]
    for each in arguments:
        yield from _walk(each)
    series, rest = arguments[: len(operator.series)], arguments[len(operator.series) :]
    inputs = tuple(None if _is_constant(each) else ast.unparse(each) for each in series)
    written = [
        f"({ast.unparse(each)})" if _is_constant(each) else place for each, place in zip(series, PLACES, strict=False)
    ]
    constants = [ast.unparse(each) for each in rest]
    yield Node(
        ast.unparse(tree),
        operator,
        inputs,
        tuple(float(ast.literal_eval(each)) for each in constants),
        operator.render(written, constants),
    )


def _applied(tree: ast.expr) -> tuple[str, list[ast.expr]]:
    match tree:
        case ast.BinOp():
            return _SIGNS[type(tree.op)], [tree.left, tree.right]
        case ast.UnaryOp():
            return _SIGNS[type(tree.op)], [tree.operand]
        case ast.Compare():
            return _SIGNS[type(tree.ops[0])], [tree.left, tree.comparators[0]]
        case ast.Call(func=ast.Name(id=name)):
            return name, tree.args
    raise TypeError(f"no operator: {ast.dump(tree)}")


def _is_constant(tree: ast.expr) -> bool:
    return not any(isinstance(each, ast.Name) for each in ast.walk(tree))
