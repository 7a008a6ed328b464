"""How far back every value is read, and which pasts are made anew rather than remembered.

A node read further back than its current row has a history and lies in state. A positive delay is no work at all: it is
its input, read so many rows further back. A history that takes a few cheap operators to make of others is not
remembered but made anew: that is faster than to fetch it from memory.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from common.factors.definition import Kind
from common.factors.expression import Call, Constant
from common.factors.graph import Graph, Node, call_of, is_delay

CHEAP = frozenset({"neg", "abs", "add", "sub", "mul", "div", "less", "greater", "lt", "le", "gt", "ge", "eq", "ne"})
MOST_STEPS = 4
"""Operators it may take to make a history anew rather than remember it."""


def is_element(node: Node) -> bool:
    """Whether a node's value is made of others of the same bar alone."""
    return call_of(node).kind is Kind.ELEMENT


@dataclass(slots=True)
class Reach:
    """By operand: root, shift as in Program; depth, rows of history to remember; remade, rows of history to make anew.

    users: who reads each root, -1 for those who want the factors.
    """

    graph: Graph
    root: list[int] = field(default_factory=list)
    shift: list[int] = field(default_factory=list)
    depth: list[int] = field(default_factory=list)
    remade: dict[int, int] = field(default_factory=dict)
    users: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def of(cls, graph: Graph) -> "Reach":
        """Measure a graph."""
        reach = cls(graph)
        reach._follow_delays()
        reach._measure_depths()
        for node in graph.outputs:  # before the choice: a factor may be the past of a node, read back like any other
            reach._read_back(node, 0, -1)
        reach._choose_remade()
        return reach

    def add(self) -> int:
        """Add an operand that is no node of the graph."""
        self.root.append(len(self.root))
        self.shift.append(0)
        self.depth.append(0)
        return len(self.root) - 1

    def origin(self, node: Node) -> tuple[list[Node], list[int]]:
        """Return the element operators that make a node, inputs first, and the operands they are made of."""
        chain: dict[int, Node] = {}
        leaves: list[int] = []

        def follow(operand: int) -> None:
            at = self.graph.nodes[operand]
            if isinstance(at.expression, Constant) or operand in chain or operand in leaves:
                return
            remembered = self.depth[operand] > 0 and operand != node.index
            if remembered or not _is_cheap(at):
                leaves.append(operand)
                return
            for each in at.inputs:
                follow(each)
            chain[operand] = at

        follow(node.index)
        return list(chain.values()), leaves

    def made_of(self, node: Node) -> Sequence[int]:
        """Return the operands that a node's call reads."""
        return self.origin(node)[1] if node.index in self.remade else node.inputs

    def wanted(self) -> set[int]:
        """Name the nodes that anything reads: some are but steps to a history that is made anew."""
        wanted: set[int] = set()
        waiting = list(self.graph.outputs)
        while waiting:
            each = self.root[waiting.pop()]
            if each not in wanted:
                wanted.add(each)
                waiting += self.made_of(self.graph.nodes[each])
        return wanted

    def _follow_delays(self) -> None:
        for node in self.graph.nodes:
            self.add()
            if is_delay(node):
                inside = node.inputs[0]
                self.root[node.index] = self.root[inside]
                self.shift[node.index] = self.shift[inside] + call_of(node).operator.shift(call_of(node).parameters)

    def _measure_depths(self) -> None:
        for node in self.graph.nodes:
            if isinstance(node.expression, Call) and not is_delay(node):
                back = call_of(node).operator.reach(call_of(node).parameters)
                for each in node.inputs:
                    self._read_back(each, max(0, back), node.index)

    def _read_back(self, operand: int, rows: int, user: int) -> None:
        root = self.root[operand]
        self.depth[root] = max(self.depth[root], self.shift[operand] + rows)
        self.users[root].add(user)

    def _choose_remade(self) -> None:
        """Choose histories to be made anew where that takes few steps and lengthens other histories by less."""
        for node in self.graph.nodes:
            depth = self.depth[node.index]
            if depth and _is_cheap(node):
                chain, leaves = self.origin(node)
                lengthened = [max(0, depth + self.shift[each] - self.depth[self.root[each]]) for each in leaves]
                if len(chain) <= MOST_STEPS and 2 * sum(lengthened) < depth:
                    self.remade[node.index], self.depth[node.index] = depth, 0
                    for each in leaves:
                        self._read_back(each, depth, node.index)


def _is_cheap(node: Node) -> bool:
    return isinstance(node.expression, Call) and is_element(node) and call_of(node).name in CHEAP
