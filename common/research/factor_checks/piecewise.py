"""Factors put together operator by operator, each over nothing but the bars there are: nobody is ever absent.

Between operators lie whole panels. One over time is handed the own bars of a symbol, densely, a stretch between two
starts at a time, by an engine that has seen nothing else; one over a section, the section's members with a bar, packed.
So nothing here can mistake a hole for a number; and to the bit this is what the engine must give that sees the holes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from common.factors.block import Block
from common.factors.definition import Kind
from common.factors.engine import Engine
from common.factors.expression import Call, Column, Constant, Expression
from common.factors.graph import Graph, Node, call_of
from common.factors.kernels.build import Floats
from common.factors.plan import Plan, compile_expressions
from common.research.factor_checks.blocks import Places
from common.research.factor_checks.own_clock import OwnClock
from common.research.factor_checks.walk import walk

SLOTS = ("open", "high", "low", "close", "turnover", "open_interest")
"""Columns in which values are handed to one operator; a volume beside them says that there is a bar."""


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Bars, the own clock of their symbols, and groups of symbols with one clock: places, and rows of each stretch."""

    block: Block
    clock: OwnClock
    groups: tuple[tuple[Places, tuple[Places, ...]], ...]

    @classmethod
    def of(cls, block: Block, clock: OwnClock) -> "Pieces":
        """Group the symbols."""
        _, number = np.unique(np.vstack([clock.present, clock.start]), axis=1, return_inverse=True)
        symbols = [np.flatnonzero(number.ravel() == each) for each in range(int(number.max(initial=-1)) + 1)]
        return cls(block, clock, tuple((each, tuple(_stretches(clock, int(each[0])))) for each in symbols))

    def compute(self, graph: Graph) -> Floats:
        """All outputs, f8[F, B, S]."""
        crosses = _crossing(graph)
        ready = self._without_sections(graph, crosses)

        def visit(node: Node, inputs: Sequence[Floats | None]) -> Floats | None:
            if node.index not in crosses:
                return ready.get(node.index)
            call = call_of(node)
            values = [each for each in inputs if each is not None]
            return self._section(call, values[0]) if call.kind is Kind.CROSS_SECTION else self._one(call, values)

        return np.stack([each for each in walk(graph, visit) if each is not None])

    def _without_sections(self, graph: Graph, crosses: set[int]) -> Mapping[int, Floats]:
        """Values of nodes that read bars alone and are outputs, or read by those that read sections."""
        read = {each for node in graph.nodes if node.index in crosses for each in node.inputs} | set(graph.outputs)
        wanted = [each for each in sorted(read - crosses) if not isinstance(graph.nodes[each].expression, Constant)]
        if not wanted:
            return {}
        plan = compile_expressions([f"n{each}" for each in wanted], [graph.nodes[each].expression for each in wanted])
        return dict(zip(wanted, self._over_time(plan, self.block.columns), strict=True))

    def _one(self, call: Call, values: Sequence[Floats]) -> Floats:
        """One operator over time, or of one bar."""
        columns = {"volume": np.ones(self.block.shape)} | dict(zip(SLOTS, values, strict=False))
        found: Floats = self._over_time(_plan_of(call), columns)[0]
        return found

    def _section(self, call: Call, values: Floats) -> Floats:
        """One operator over sections, packed: members with a bar in their order, nothing between them."""
        inside = self.clock.present & self.block.member
        order = np.argsort(~inside, axis=1, kind="stable")
        packed = np.take_along_axis(np.where(inside, values, np.nan), order, axis=1)
        columns = {"volume": np.ones(values.shape), SLOTS[0]: packed}
        block = Block(self.block.symbols, columns, np.ones(values.shape, np.bool_))
        found = np.full(values.shape, np.nan)
        np.put_along_axis(found, order, Engine(_plan_of(call)).update(block).values[0], axis=1)
        return found

    def _over_time(self, plan: Plan, columns: Mapping[str, Floats]) -> Floats:
        found = np.full((len(plan.names), *self.block.shape), np.nan)
        for symbols, stretches in self.groups:
            for rows in stretches:
                here = np.ix_(rows, symbols)
                dense = {name: np.ascontiguousarray(column[here]) for name, column in columns.items()}
                block = Block(
                    tuple(self.block.symbols[each] for each in symbols), dense, np.ones((len(rows), len(symbols)), bool)
                )
                found[:, here[0], here[1]] = Engine(plan).update(block).values
        return found


def _stretches(clock: OwnClock, symbol: int) -> Iterator[Places]:
    """Sections of a symbol's own bars, between one start and the next."""
    rows = np.flatnonzero(clock.present[:, symbol])
    starts = np.flatnonzero(clock.start[rows, symbol] == clock.number[rows, symbol])
    for first, last in pairwise([*starts.tolist(), len(rows)]):
        yield rows[first:last]


def _crossing(graph: Graph) -> set[int]:
    """Nodes that compare symbols, or read one that does."""
    found: set[int] = set()
    for node in graph.nodes:
        own = isinstance(node.expression, Call) and call_of(node).kind is Kind.CROSS_SECTION
        if own or found.intersection(node.inputs):
            found.add(node.index)
    return found


def _plan_of(call: Call) -> Plan:
    """One operator on what lies in the slots; constants stay what they are."""
    slots = iter(SLOTS)
    series: list[Expression] = [each if isinstance(each, Constant) else Column(next(slots)) for each in call.series]
    return compile_expressions(["value"], [replace(call, series=tuple(series))])
