"""From graph to program: which value lies where, and in which order the kernels run.

A node read further back than its current row has a history and lies in state; an element value used only within its own
run stays in a tile; factors have a scratch run of their own, from which they are handed out; the rest share scratch
runs. A positive delay is no work at all: it is its input, read so many rows further back. A history that takes a few
cheap operators to make of others is not remembered but made anew: that is faster than to fetch it from memory.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from common.factors.definition import Kind
from common.factors.expression import Call, Column, Constant
from common.factors.graph import Graph, Node, call_of, is_delay
from common.factors.kernels.build import TILE, Integers, Kernel
from common.factors.kernels.element import CODES, NO_OPERAND, WIDE, elements, remake
from common.factors.kernels.order import quantiles
from common.factors.network import quantile_words
from common.factors.program import Program, Stage, Step
from common.factors.tiles import Tiles

CHEAP = frozenset({"neg", "abs", "add", "sub", "mul", "div", "less", "greater", "lt", "le", "gt", "ge", "eq", "ne"})
MOST_STEPS = 4
"""Operators it may take to make a history anew rather than remember it."""

FOLD_TILES = 8
"""Tiles a fold kernel needs for itself; quantiles need room for a window."""


def schedule(graph: Graph) -> Program:
    """Place every value and order the kernels."""
    return _Scheduler(graph).program()


@dataclass(slots=True)
class _Draft:
    """A step before its operands have places: what it reads and writes, by operand."""

    kernel: Kernel
    words: list[int]
    numbers: list[float]
    reads: set[int]
    writes: set[int]
    together: bool = False

    def step(self) -> Step:
        """Return it as the program holds it."""
        return Step(self.kernel, np.array(self.words, dtype=np.int64), np.array(self.numbers, dtype=np.float64))


@dataclass(slots=True)
class _Scheduler:
    graph: Graph
    root: list[int] = field(default_factory=list)
    shift: list[int] = field(default_factory=list)
    depth: list[int] = field(default_factory=list)
    fixed: list[int] = field(default_factory=list)
    factor: list[int] = field(default_factory=list)
    remade: dict[int, int] = field(default_factory=dict)
    made: set[int] = field(default_factory=set)
    users: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    drafts: list[_Draft] = field(default_factory=list)
    tiles: int = FOLD_TILES

    def program(self) -> Program:
        """Run the passes, each of which needs the ones before it."""
        self._follow_delays()
        self._measure_depths()
        self._choose_remade()
        copies = self._place_factors()
        self._order()
        self._copy(copies)
        short, slots = self._share_scratch(self._is_short, list(self.factor), len(self.graph.outputs))
        long, long_slots = self._share_scratch(self.remade.__contains__, [-1] * len(self.root), 0)
        return Program(
            columns=tuple(
                (node.expression.name, node.index) for node in self.graph.nodes if isinstance(node.expression, Column)
            ),
            factors=_integers(self.factor.index(each) for each in range(len(self.graph.outputs))),
            stages=_stages(self.drafts),
            depth=_integers(self.depth),
            fixed=_integers(self.fixed),
            slot=_integers(max(pair) for pair in zip(short, long, strict=True)),
            remade=_integers(self.remade.get(each, 0) for each in range(len(self.root))),
            root=_integers(self.root),
            shift=_integers(self.shift),
            slots=slots,
            long_slots=long_slots,
            work_tiles=self.tiles,
        )

    def _operand(self, *, fixed: int = 0, factor: int = -1) -> int:
        """Add an operand that is no node of the graph."""
        self.root.append(len(self.root))
        self.shift.append(0)
        self.depth.append(0)
        self.fixed.append(fixed)
        self.factor.append(factor)
        return len(self.root) - 1

    def _follow_delays(self) -> None:
        for node in self.graph.nodes:
            self._operand()
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
            if depth and self._is_cheap(node):
                chain, leaves = self._origin(node)
                lengthened = [max(0, depth + self.shift[each] - self.depth[self.root[each]]) for each in leaves]
                if len(chain) <= MOST_STEPS and 2 * sum(lengthened) < depth:
                    self.remade[node.index], self.depth[node.index] = depth, 0
                    for each in leaves:
                        self._read_back(each, depth, node.index)

    def _is_cheap(self, node: Node) -> bool:
        return isinstance(node.expression, Call) and _is_element(node) and call_of(node).name in CHEAP

    def _origin(self, node: Node) -> tuple[list[Node], list[int]]:
        """Return the element operators that make a node, inputs first, and the operands they are made of."""
        chain: dict[int, Node] = {}
        leaves: list[int] = []

        def follow(operand: int) -> None:
            at = self.graph.nodes[operand]
            if isinstance(at.expression, Constant) or operand in chain or operand in leaves:
                return
            remembered = self.depth[operand] > 0 and operand != node.index
            if remembered or not self._is_cheap(at):
                leaves.append(operand)
                return
            for each in at.inputs:
                follow(each)
            chain[operand] = at

        follow(node.index)
        return list(chain.values()), leaves

    def _remake(self, operands: Iterable[int]) -> None:
        """Make those histories anew that are about to be read for the first time."""
        for each in sorted({self.root[operand] for operand in operands} & self.remade.keys() - self.made):
            self.made.add(each)
            chain, leaves = self._origin(self.graph.nodes[each])
            tiles = Tiles(chain, {node.index for node in chain} - {each}, self.graph)
            words = [self.remade[each], *(word for node in chain for word in tiles.step(node))]
            self.tiles = max(self.tiles, tiles.size * WIDE // TILE)
            self.drafts.append(_Draft(remake, words, tiles.constants, {self.root[leaf] for leaf in leaves}, {each}))

    def _place_factors(self) -> list[tuple[int, int]]:
        """Give each factor its place; return (operand, node) of those that must be copied there."""
        for node in self.graph.outputs:
            self._read_back(node, 0, -1)
        copies = []
        for factor, node in enumerate(self.graph.outputs):
            own = self.root[node] == node and self.depth[node] == 0 and self.factor[node] < 0
            if own and not isinstance(self.graph.nodes[node].expression, Column):
                self.factor[node] = factor
            else:
                copies.append((self._operand(factor=factor), node))
        return copies

    def _order(self) -> None:
        """Take whatever is ready shard by shard before what needs whole sections; element operators run together."""
        done = {node.index for node in self.graph.nodes if not isinstance(node.expression, Call)}
        wanted = self._wanted()
        calls = [node for node in self.graph.nodes if isinstance(node.expression, Call) and not is_delay(node)]
        waiting = [node for node in calls if node.index in wanted]
        while waiting:
            ready = [node for node in waiting if not _is_element(node) and self._ready(node, done)]
            alone = [node for node in ready if call_of(node).kind is not Kind.CROSS_SECTION]
            self._call_kernels(alone)
            done.update(node.index for node in alone)
            run: list[Node] = []
            for node in waiting:
                if _is_element(node) and self._ready(node, done):
                    if node.index not in self.remade:
                        run.append(node)
                    done.add(node.index)
            if run:
                self._call_elements(run)
            if not alone and not any(node.index in done for node in waiting):
                self._call_kernels(ready)
                done.update(node.index for node in ready)
            waiting = [node for node in waiting if node.index not in done]

    def _wanted(self) -> set[int]:
        """Name the nodes that anything reads: some are but steps to a history that is made anew."""
        wanted: set[int] = set()
        waiting = list(self.graph.outputs)
        while waiting:
            each = self.root[waiting.pop()]
            if each not in wanted:
                wanted.add(each)
                node = self.graph.nodes[each]
                waiting += self._made_of(node)
        return wanted

    def _made_of(self, node: Node) -> Sequence[int]:
        """Return the operands that a node's call reads."""
        return self._origin(node)[1] if node.index in self.remade else node.inputs

    def _ready(self, node: Node, done: set[int]) -> bool:
        return all(self.root[each] in done for each in self._made_of(node))

    def _call_kernels(self, nodes: list[Node]) -> None:
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

    def _call_fold(self, nodes: list[Node]) -> None:
        self._remake(nodes[0].inputs)
        first = call_of(nodes[0])
        if first.operator.kernel is quantiles:
            words, levels = quantile_words(
                [(int(each[0]), float(each[1]), node.index) for node in nodes for each in [call_of(node).parameters]]
            )
            self.tiles = max(self.tiles, int(call_of(nodes[-1]).parameters[0]) + 1)
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
            state = self._operand(fixed=call.operator.state_rows)
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
        reads = {self.root[each] for each in nodes[0].inputs}
        writes = {node.index for node in nodes}
        together = operator.kind is Kind.CROSS_SECTION
        self.drafts.append(_Draft(operator.kernel, words, numbers, reads, writes, together))

    def _call_elements(self, run: list[Node]) -> None:
        self._remake(each for node in run for each in node.inputs)
        inside = {node.index for node in run}
        kept = {
            each for each in inside if self.depth[each] == 0 and self.factor[each] < 0 and self.users[each] <= inside
        }
        tiles = Tiles(run, kept, self.graph)
        words: list[int] = []
        for node in run:
            words += tiles.step(node)
        self.tiles = max(self.tiles, tiles.size)
        reads = {self.root[each] for node in run for each in node.inputs} - inside
        reads = {each for each in reads if not isinstance(self.graph.nodes[each].expression, Constant)}
        self.drafts.append(_Draft(elements, words, tiles.constants, reads, inside - kept))

    def _copy(self, copies: list[tuple[int, int]]) -> None:
        if not copies:
            return
        self._remake(node for _, node in copies)
        words: list[int] = []
        for operand, node in copies:
            words += [CODES.index("copy"), operand, node, NO_OPERAND, NO_OPERAND, NO_OPERAND]
        reads = {self.root[node] for _, node in copies}
        self.drafts.append(_Draft(elements, words, [], reads, {operand for operand, _ in copies}))

    def _is_short(self, operand: int) -> bool:
        return self.depth[operand] == 0 and self.factor[operand] < 0 and operand not in self.remade

    def _share_scratch(self, sharing: Callable[[int], bool], slot: list[int], slots: int) -> tuple[list[int], int]:
        """Give operands without a place of their own a scratch run from their first write to their last read."""
        last = {each: time for time, draft in enumerate(self.drafts) for each in draft.reads | draft.writes}
        columns = {node.index for node in self.graph.nodes if isinstance(node.expression, Column)}
        free: list[int] = []
        for time, writes in enumerate([columns, *(draft.writes for draft in self.drafts)]):
            for each in sorted(filter(sharing, writes)):
                if not free:
                    free.append(slots)
                    slots += 1
                slot[each] = free.pop()
            # A run is free again only after the step that read it: kernels may not write over what they read.
            ended = [each for each, end in last.items() if end == time - 1 and slot[each] >= 0 and sharing(each)]
            free.extend(sorted(slot[each] for each in ended))
        return slot, slots


def _is_element(node: Node) -> bool:
    return call_of(node).kind is Kind.ELEMENT


def _integers(values: Iterable[int]) -> Integers:
    return np.array(list(values), dtype=np.int64)


def _stages(drafts: list[_Draft]) -> tuple[Stage, ...]:
    """Cut the steps after each run of those over whole sections."""
    stages: list[tuple[list[Step], list[Step]]] = [([], [])]
    for draft in drafts:
        if stages[-1][1] and not draft.together:
            stages.append(([], []))
        stages[-1][draft.together].append(draft.step())
    return tuple(Stage(tuple(alone), tuple(together)) for alone, together in stages)
