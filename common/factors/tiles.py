"""Which tile each value of a run of element steps stays in."""

from common.factors.expression import Constant
from common.factors.graph import Graph, Node, call_of
from common.factors.kernels.element import CODES, NO_OPERAND, STEP_WORDS


class Tiles:
    """Registers of one run of element steps: constants first, then values that live and die within it."""

    def __init__(self, run: list[Node], kept: set[int], graph: Graph) -> None:
        self._graph = graph
        self._kept = kept
        self._register: dict[int, int] = {}
        self._last = {each: node.index for node in run for each in node.inputs}
        self._free: list[int] = []
        self.constants: list[float] = []
        for node in run:
            for each in node.inputs:
                expression = graph.nodes[each].expression
                if isinstance(expression, Constant) and each not in self._register:
                    self._register[each] = len(self.constants)
                    self.constants.append(expression.value)
        self.size = max(1, len(self.constants))

    def step(self, node: Node) -> list[int]:
        """Return the words of one step."""
        operands = [~self._register[each] if each in self._register else each for each in node.inputs]
        result = ~self._claim(node.index) if node.index in self._kept else node.index
        for each in set(node.inputs):
            if each in self._kept and self._last[each] == node.index:
                self._free.append(self._register[each])
        words = [CODES.index(call_of(node).name), result, *operands]
        return words + [NO_OPERAND] * (STEP_WORDS - len(words))

    def _claim(self, node: int) -> int:
        if not self._free:
            self._free.append(self.size)
            self.size += 1
        self._register[node] = self._free.pop()
        return self._register[node]
