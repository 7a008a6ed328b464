"""What the absence of one bar may change, read off the graph: windows that held it, sections it was in, their readers.

Without the bar the older ones of its symbol move one closer. So a window of that symbol is another one if it held the
bar, and any window holds other values if it holds one that changed; a section is another one if a value in it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from common.factors.definition import Kind
from common.factors.expression import Call
from common.factors.graph import Graph, Node, call_of
from common.research.factor_checks.blocks import Mask
from common.research.factor_checks.own_clock import OwnClock
from common.research.factor_checks.stillness import NOWHERE, Stillness
from common.research.factor_checks.walk import walk

SMOOTH = frozenset({
    "add", "sub", "mul", "div", "neg", "abs", "less", "greater", "log", "ts_delay", "ts_sum", "ts_mean", "ts_min",
    "ts_max", "ts_decay_linear", "ts_slope", "cs_mean", "cs_sum", "ta_ema", "ta_rsi", "ta_atr", "ta_macd",
    "ta_macd_signal", "ta_macd_histogram", "ta_adx", "ta_plus_di", "ta_minus_di",
})  # fmt: skip
"""Operators to which a trace of 1e-12 stays a trace; a rank, a choice or a correlation may hang on it."""


@dataclass(frozen=True, slots=True, eq=False)
class Touched:
    """Where a value may be another one, and where it may only differ by the trace a recursion keeps, [B, S]."""

    changed: Mask
    fading: Mask


def touched(graph: Graph, clock: OwnClock, member: Mask, gone: Mask, stillness: Stillness = NOWHERE) -> list[Touched]:
    """What the absence of the bars told by `gone` may change of each output; at those themselves everything."""
    return walk(graph, _Spread(clock, member & clock.present, gone, stillness).over)


def unsettled(graph: Graph, clock: OwnClock, member: Mask, gone: Mask, stillness: Stillness) -> list[Mask]:
    """Where an output may be another value, traces aside, for no reason but that nothing moved."""
    inside = member & clock.present
    moving, still = (
        walk(graph, _Spread(clock, inside, gone, each, traces=False).over) for each in (NOWHERE, stillness)
    )
    return [one.changed & ~other.changed for one, other in zip(still, moving, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class _Spread:
    """How far a change spreads through one operator; `inside`: who takes part in each section."""

    clock: OwnClock
    inside: Mask
    gone: Mask
    stillness: Stillness
    traces: bool = True
    nothing: Mask = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nothing", np.zeros_like(self.gone))

    def over(self, node: Node, inputs: Sequence[Touched]) -> Touched:
        if not isinstance(node.expression, Call):
            return Touched(self.gone, self.nothing)
        call = call_of(node)
        changed = np.logical_or.reduce([each.changed for each in inputs])
        fading = np.logical_or.reduce([each.fading for each in inputs])
        if call.name not in SMOOTH:
            changed, fading = changed | fading, self.nothing
        spread = self._spread(call, changed) | self.stillness.kept(node, changed, self.clock)
        return Touched(self.gone | spread, self._fade(call, changed, fading))

    def _spread(self, call: Call, changed: Mask) -> Mask:
        """Where a value may be another one if what it reads may be at `changed`."""
        if call.kind is Kind.ELEMENT:
            return changed
        if call.kind is Kind.CROSS_SECTION:
            found: Mask = self.inside & np.any(changed & self.inside, axis=1, keepdims=True)
            return found
        if call.kind is Kind.DELAY:
            back = call.operator.shift(call.parameters)
            return self.clock.moved(changed, back) | self.clock.held(self.gone, back + 1)
        # What a recursion reads is forgotten after the length in which its seed is.
        reach = call.operator.settle if call.kind is Kind.RECURSIVE else call.operator.reach
        return self.clock.held(changed, reach(call.parameters) + 1)

    def _fade(self, call: Call, changed: Mask, fading: Mask) -> Mask:
        """Where a trace may be: a recursion keeps one of all that ever changed."""
        if call.kind is Kind.RECURSIVE and self.traces:
            return self.clock.held(changed | fading)
        return self._spread(call, fading) if fading.any() else fading
