"""Walking a graph: every node once, inputs first, and nothing is kept that nobody reads any more."""

import weakref
from collections.abc import Sequence

from common.factors.graph import Node, build_graph
from common.factors.parser import parse
from common.research.factor_checks.walk import walk


class Answer:
    """Something that can be watched."""


def test_outputs_are_answered_in_their_order() -> None:
    """Each node once, even one that is read twice by the same reader, or that is an output and read."""
    graph = build_graph([parse(text) for text in ("close * close", "close", "(close * close) + open")])
    seen: list[int] = []

    def visit(node: Node, inputs: Sequence[str]) -> str:
        seen.append(node.index)
        name = str(node.expression)
        return f"<{name}:{len(inputs)}>"

    assert walk(graph, visit) == ["<(close * close):2>", "<close:0>", "<((close * close) + open):2>"]
    assert seen == sorted(set(seen)) == list(range(len(graph.nodes)))


def test_no_answer_outlives_its_readers() -> None:
    """A long chain needs room for two of its panels."""
    text = "close"
    for _ in range(30):
        text = f"abs({text} - 1)"
    alive: list[weakref.ref[Answer]] = []
    most = 0

    def visit(_node: Node, _inputs: Sequence[Answer]) -> Answer:
        nonlocal most
        most = max(most, sum(each() is not None for each in alive))
        made = Answer()
        alive.append(weakref.ref(made))
        return made

    walk(build_graph([parse(text)]), visit)
    assert len(alive) > 60
    assert most <= 3
