"""Kernel calls before their operands have places, in the order in which they run."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from common.factors.definition import Kind
from common.factors.expression import Constant
from common.factors.graph import Node, call_of
from common.factors.kernels.build import TILE, Kernel
from common.factors.kernels.element import CODES, NO_OPERAND, WIDE, elements, remake
from common.factors.kernels.order import quantiles
from common.factors.network import quantile_words
from common.factors.program import Step
from common.factors.reach import Reach
from common.factors.tiles import Tiles

FOLD_TILES = 8
"""Tiles a fold kernel needs for itself; quantiles need room for a window."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One call: what it reads and writes, by operand; together: over whole sections."""

    kernel: Kernel
    words: Sequence[int]
    numbers: Sequence[float]
    reads: set[int]
    writes: set[int]
    together: bool = False

    def step(self) -> Step:
        """Return it as the program holds it."""
        return Step(self.kernel, np.array(self.words, dtype=np.int64), np.array(self.numbers, dtype=np.float64))


@dataclass(slots=True)
class Drafts:
    """The calls so far. states: rows of recursive state by operand; tiles: room that any of them needs for itself."""

    reach: Reach
    calls: list[Draft] = field(default_factory=list)
    states: dict[int, int] = field(default_factory=dict)
    tiles: int = FOLD_TILES
    made: set[int] = field(default_factory=set)

    def call_kernels(self, nodes: list[Node]) -> None:
        """Call once for all windows and parts of one kernel over the same series; the same series one after another."""
        calls: dict[tuple[tuple[int, ...], int], list[Node]] = defaultdict(list)
        for node in nodes:
            operator = call_of(node).operator
            together = operator.kind is Kind.FOLD and not operator.alone
            shared = id(operator.kernel) if together else -1 - node.index
            calls[node.inputs, shared].append(node)
        for (_, shared), same in sorted(calls.items(), key=lambda item: item[0][0]):
            if shared >= 0:
                self._call_fold(sorted(same, key=lambda node: call_of(node).parameters))
            else:
                self._call_one(same[0])

    def call_elements(self, run: list[Node], handed_out: set[int]) -> None:
        """Call once for element operators; what is used within the run alone, and not handed out, stays in a tile."""
        self._remake(each for node in run for each in node.inputs)
        reach, inside = self.reach, {node.index for node in run}
        kept = {each for each in inside - handed_out if reach.depth[each] == 0 and reach.users[each] <= inside}
        tiles = Tiles(run, kept, reach.graph)
        words = [word for node in run for word in tiles.step(node)]
        self.tiles = max(self.tiles, tiles.size)
        reads = {reach.root[each] for node in run for each in node.inputs} - inside
        reads = {each for each in reads if not isinstance(reach.graph.nodes[each].expression, Constant)}
        self.calls.append(Draft(elements, words, tiles.constants, reads, inside - kept))

    def copy(self, copies: Sequence[tuple[int, int]]) -> None:
        """Copy nodes to operands of their own, given as (operand, node)."""
        if not copies:
            return
        self._remake(node for _, node in copies)
        words: list[int] = []
        for operand, node in copies:
            words += [CODES.index("copy"), operand, node, NO_OPERAND, NO_OPERAND, NO_OPERAND]
        reads = {self.reach.root[node] for _, node in copies}
        self.calls.append(Draft(elements, words, [], reads, {operand for operand, _ in copies}))

    def _remake(self, operands: Iterable[int]) -> None:
        """Make those histories anew that are about to be read for the first time."""
        reach = self.reach
        for each in sorted({reach.root[operand] for operand in operands} & reach.remade.keys() - self.made):
            self.made.add(each)
            chain, leaves = reach.origin(reach.graph.nodes[each])
            tiles = Tiles(chain, {node.index for node in chain} - {each}, reach.graph)
            words = [reach.remade[each], *(word for node in chain for word in tiles.step(node))]
            self.tiles = max(self.tiles, tiles.size * WIDE // TILE)
            self.calls.append(Draft(remake, words, tiles.constants, {reach.root[leaf] for leaf in leaves}, {each}))

    def _call_fold(self, nodes: list[Node]) -> None:
        self._remake(nodes[0].inputs)
        if call_of(nodes[0]).operator.kernel is quantiles:
            asked = [(int(window), float(level)) for node in nodes for window, level in [call_of(node).parameters]]
            words, levels = quantile_words([(*each, node.index) for each, node in zip(asked, nodes, strict=True)])
            self.tiles = max(self.tiles, asked[-1][0] + 1)
            self._draft(nodes, [*nodes[0].inputs, *words], levels)
            return
        words = [*nodes[0].inputs, len(nodes)]
        for node in nodes:
            call = call_of(node)
            words += [int(call.parameters[0]), call.operator.part, node.index]
        self._draft(nodes, words, [])

    def _call_one(self, node: Node) -> None:
        """Call a cross-section, recursive or look-ahead kernel."""
        self._remake(node.inputs)
        call = call_of(node)
        words = [*node.inputs, node.index]
        if call.kind is Kind.RECURSIVE:
            state = self.reach.add()
            self.states[state] = call.operator.state_rows
            words += [state, call.operator.part, *(int(each) for each in call.parameters)]
        elif call.kind is Kind.DELAY:
            words.append(-int(call.parameters[0]))
        elif call.kind is Kind.FOLD:
            window = int(call.parameters[0])
            words.append(window)
            self.tiles = max(self.tiles, -(-window * len(node.inputs) // TILE))
        self._draft([node], words, [float(each) for each in call.parameters])

    def _draft(self, nodes: list[Node], words: list[int], numbers: list[float]) -> None:
        operator = call_of(nodes[0]).operator
        if operator.kernel is None:
            raise AssertionError(f"{operator.name} has no kernel")
        reads = {self.reach.root[each] for each in nodes[0].inputs}
        writes = {node.index for node in nodes}
        together = operator.kind is Kind.CROSS_SECTION
        self.calls.append(Draft(operator.kernel, words, numbers, reads, writes, together))
