"""A graph gone through, inputs first, keeping no answer longer than somebody still reads it."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from typing import TypeVar

from common.factors.graph import Graph, Node

Answer = TypeVar("Answer")


def walk(graph: Graph, visit: Callable[[Node, Sequence[Answer]], Answer]) -> list[Answer]:
    """Answer each node from the answers of its inputs; return those of the outputs."""
    readers = Counter(chain(graph.outputs, *(node.inputs for node in graph.nodes)))
    answers: dict[int, Answer] = {}
    for node in graph.nodes:
        answers[node.index] = visit(node, [answers[each] for each in node.inputs])
        for each in node.inputs:
            readers[each] -= 1
            if not readers[each]:
                del answers[each]
    return [answers[each] for each in graph.outputs]
