"""From expressions to one graph: equal sub-expressions once, inputs before their users."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.factors.definition import Kind
from common.factors.expression import Call, Column, Expression


@dataclass(frozen=True, slots=True)
class Node:
    """One value a bar and symbol: an expression and the nodes it is applied to."""

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


def build_graph(expressions: Sequence[Expression]) -> Graph:
    """Merge expressions into one graph."""
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


def call_of(node: Node) -> Call:
    """Return a node's operator call; TypeError for a column or a constant."""
    if not isinstance(node.expression, Call):
        raise TypeError(f"node {node.index} applies no operator")
    return node.expression


def is_delay(node: Node) -> bool:
    """Whether a node is its input some bars ago."""
    expression = node.expression
    return (
        isinstance(expression, Call)
        and expression.kind is Kind.DELAY
        and expression.operator.shift(expression.parameters) > 0
    )
