"""From expressions to one graph: compositions written out, equal sub-expressions once, inputs before their users."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from common.factors.expression import Call, Column, Constant, Expression
from common.factors.operators import Kind
from common.factors.parser import parse


@dataclass(frozen=True, slots=True)
class Node:
    """One value a bar and symbol: a canonical expression and the nodes it is applied to."""

    index: int
    expression: Expression
    inputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in an order in which each comes after its inputs, and the node of each output."""

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Bar columns the graph reads."""
        return tuple(node.expression.name for node in self.nodes if isinstance(node.expression, Column))


def canonical(expression: Expression) -> Expression:
    """Write out compositions, all the way down."""
    if not isinstance(expression, Call):
        return expression
    series = tuple(canonical(each) for each in expression.series)
    operator = expression.operator
    if operator.kind is not Kind.COMPOSITION:
        return Call(expression.name, series, expression.parameters)
    names: Mapping[str, Expression] = dict(zip(operator.series, series, strict=True))
    constants = dict(zip((each.name for each in operator.parameters), expression.parameters, strict=True))
    return canonical(parse(operator.stands_for, series=names, constants=constants, future=True))


def build_graph(expressions: Sequence[Expression]) -> Graph:
    """Merge canonical expressions into one graph."""
    nodes: list[Node] = []
    known: dict[str, int] = {}

    def place(expression: Expression) -> int:
        found = known.get(expression.fingerprint)
        if found is not None:
            return found
        inputs = tuple(place(each) for each in expression.series) if isinstance(expression, Call) else ()
        index = len(nodes)
        nodes.append(Node(index, expression, inputs))
        known[expression.fingerprint] = index
        return index

    outputs = tuple(place(each) for each in expressions)
    return Graph(tuple(nodes), outputs)


def is_constant(node: Node) -> bool:
    """Whether a node is a plain number."""
    return isinstance(node.expression, Constant)
