"""Where a quotient of Wilder's means keeps its seed: bars on which nothing it reads moves.

Both means fade alike there, and the quotient stays what it was at the last bar that moved. If the seed was not
forgotten by then, it is not forgotten until something moves again, however many bars go by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from common.factors.block import Block
from common.factors.engine import Engine
from common.factors.expression import Call, Constant, Expression
from common.factors.graph import Graph, Node, call_of
from common.factors.kernels.build import Floats
from common.factors.plan import compile_expressions
from common.research.factor_checks.blocks import Mask, Places
from common.research.factor_checks.own_clock import OwnClock

SMALL = 1e-2
"""A move of less than this share of the symbol's largest is none: beside it 1e-12 of a seed is more than a trace."""


@dataclass(frozen=True, slots=True, eq=False)
class Stillness:
    """By node of a graph that is such a quotient: the section of the symbol's last bar that moved it, [B, S]."""

    moved: Mapping[int, Places]

    @classmethod
    def of(cls, graph: Graph, block: Block, clock: OwnClock) -> Self:
        """Compute what the quotients read over a block, each symbol of it on its own clock."""
        nodes = [
            each
            for each in graph.nodes
            if isinstance(each.expression, Call) and each.expression.operator.quotient is not None
        ]
        return cls({each.index: _last_moved(each, graph, block, clock) for each in nodes})

    def kept(self, node: Node, changed: Mask, clock: OwnClock) -> Mask:
        """Where a node may be another value if what it reads may be at `changed` [B, S]; nothing for any other node.

        A quotient that is not settled stays so until something moves; a mean of quotients settles after that.
        """
        if node.index not in self.moved:
            return np.zeros_like(changed)
        call = call_of(node)
        quotient = call.operator.quotient_settles(call.parameters)
        inside = clock.held(changed, quotient + 1)
        since = _any_since(self.moved[node.index], inside & clock.present)
        return clock.held(since, call.operator.settle(call.parameters) - quotient + 1)


NOWHERE = Stillness({})
"""For graphs without such a quotient."""


def _any_since(first: Places, where: Mask) -> Mask:
    """Whether any is told from section `first` [B, S] to the current one."""
    told = np.vstack([np.zeros_like(where[:1], np.int64), where.cumsum(axis=0, dtype=np.int64)])
    found: Mask = told[1:] > np.take_along_axis(told, first, axis=0)
    return found


def _last_moved(node: Node, graph: Graph, block: Block, clock: OwnClock) -> Places:
    read = [graph.nodes[each].expression for each in node.inputs]
    moves = _moves([_values(each, block) for each in read], clock)
    section = np.arange(len(moves))[:, None]
    starts = clock.present & (clock.number == clock.start)
    there = starts | (moves > SMALL * moves.max(axis=0, initial=0.0))
    last = np.maximum.accumulate(np.where(there, section, 0), axis=0)
    found: Places = np.where(clock.present, last, section)
    return found


def _values(expression: Expression, block: Block) -> Floats:
    if isinstance(expression, Constant):
        return np.full(block.shape, expression.value)
    found: Floats = Engine(compile_expressions(["read"], [expression])).update(block).values[0]
    return found


def _moves(series: Sequence[Floats], clock: OwnClock) -> Floats:
    """How far a quotient of x, or of high, low and close, is moved by each own bar; 0 where there is none."""
    changes = [_changes(each, clock) for each in series]
    if len(changes) == 1:
        return np.abs(changes[0])
    # The index hangs on rises and falls alone; the indicators, on ranges, too, which are never smaller.
    rise, fall = np.maximum(changes[0], 0.0), np.maximum(-changes[1], 0.0)
    return np.where(rise == fall, 0.0, np.maximum(rise, fall))


def _changes(values: Floats, clock: OwnClock) -> Floats:
    """Each number less the one before of the same symbol and stretch; 0 where either is missing."""
    known = np.isfinite(values) & clock.present
    section = np.arange(len(values))[:, None]
    last = np.maximum.accumulate(np.where(known, section, -1), axis=0)
    before = np.vstack([np.full_like(last[:1], -1), last[:-1]])
    then = np.maximum(before, 0)
    both = known & (before >= 0) & (np.take_along_axis(clock.start, then, axis=0) == clock.start)
    found: Floats = np.where(both, values - np.take_along_axis(values, then, axis=0), 0.0)
    return found
