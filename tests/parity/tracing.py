"""Why a whole text differs: every differing row is followed down to the operator where it began."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntFlag
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from common.factors.definition import Kind
from common.factors.expression import Expression
from common.factors.parser import parse
from tests.parity.asking import Answer
from tests.parity.judgement import agree, judge, same
from tests.parity.nodes import DISCRETE, Node
from tests.parity.rows import Booleans, Floats, Rows

Causes = NDArray[np.uint16]
BATCH = 32


class Cause(IntFlag):
    """What began a difference."""

    WHOLE = 1
    """vnpy casts the mean of whole numbers back to whole numbers."""
    DECAY = 2
    """Weights of ts_decay_linear."""
    MISSING = 4
    """A NaN, a null or an infinity in the window or the section: rules 2 to 5."""
    CONSTANT = 8
    """A constant window, or one that is constant but for rounding on one side."""
    TIE = 16
    """Inputs agree to 1e-9 and an operator that ranks or compares turns on their last bits."""
    ROUNDING = 32
    """Inputs agree to 1e-9 and cancel, so that the difference of their last bits is what is left."""
    PRECISION = 64
    """On the same inputs vnpy misses 1e-9; the reference decides, operator by operator."""
    CHOICE = 128
    """quesval2 chooses the other one."""
    PARTIAL = 256
    """vnpy makes a number of a window that is not full, or not full of numbers."""
    UNTRACED = 512


DOCUMENTED = MappingProxyType({"whole": Cause.WHOLE, "decay": Cause.DECAY, "choice": Cause.CHOICE})


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """What is known of a node's rows: they differ, they are not the same bits, and why they differ."""

    differs: Booleans
    unequal: Booleans
    causes: Causes


@dataclass(frozen=True, slots=True)
class Trace:
    """Trails of all nodes of some texts."""

    rows: Rows
    answer: Answer
    nodes: Mapping[str, Node]
    trails: dict[str, Trail] = field(default_factory=dict)

    def follow(self) -> None:
        """Go through the nodes, inputs first."""
        names = list(self.nodes)
        for first in range(0, len(names), BATCH):
            batch = names[first : first + BATCH]
            expressions: dict[str, Expression] = {each: parse(each) for each in batch}
            for name, ours in self.rows.compute(expressions).items():
                self.trails[name] = self._trail(self.nodes[name], ours)

    def _input(self, text: str) -> Trail:
        """Return the trail of a node or of a bar column; columns are the same for both."""
        if text not in self.trails:
            no = np.zeros(len(self.rows), dtype=np.bool_)
            self.trails[text] = Trail(no, no, np.zeros(len(self.rows), dtype=np.uint16))
        return self.trails[text]

    def _trail(self, node: Node, ours: Floats) -> Trail:
        theirs = self.answer.values(node.text)
        finite = np.where(np.isfinite(theirs), theirs, np.nan)
        differs = ~agree(node, ours, finite)
        return Trail(differs, ~same(ours, finite), self._causes(node, differs))

    def _causes(self, node: Node, differs: Booleans) -> Causes:
        inputs = [self._input(each) for each in node.series]
        causes = np.zeros(len(differs), dtype=np.uint16)
        if not differs.any():
            return causes
        for each in inputs:
            for cause in Cause:
                begun = (each.causes & np.uint16(cause)).astype(np.bool_)
                if begun.any():
                    _mark(causes, self._reach(node, begun), cause)
        self._begin(node, differs, inputs, causes)
        causes[~differs] = 0
        causes[differs & (causes == 0)] = Cause.UNTRACED
        return causes

    def _begin(self, node: Node, differs: Booleans, inputs: list[Trail], causes: Causes) -> None:
        """Add what begins here: the operator answers differently on the same inputs, or on almost the same."""
        found = judge(node, self.answer, self.rows)
        here = differs & ~found.agrees
        if found.documented:
            _mark(causes, here, DOCUMENTED[found.documented])
        partial = here & ~found.complete & np.isnan(found.ours) & (node.operator.kind is Kind.FOLD)
        _mark(causes, partial, Cause.PARTIAL)
        _mark(causes, here & ~found.complete & ~partial, Cause.MISSING)
        _mark(causes, here & found.constant, Cause.CONSTANT)
        _mark(causes, here & found.misses, Cause.PRECISION)
        carried = self._reach(node, np.logical_or.reduce([each.differs for each in inputs]))
        unequal = self._reach(node, np.logical_or.reduce([each.unequal for each in inputs]))
        _mark(causes, differs & ~carried & unequal, Cause.TIE if node.operator.name in DISCRETE else Cause.ROUNDING)

    def _reach(self, node: Node, flags: Booleans) -> Booleans:
        """Rows whose window or section holds a flagged row."""
        if node.operator.kind is Kind.CROSS_SECTION:
            return self.rows.any_beside(flags)
        return self.rows.any_before(flags, node.window)


def _mark(causes: Causes, where: Booleans, cause: Cause) -> None:
    causes[where] |= np.uint16(cause)


def warm_rows(rows: Rows, text: str) -> Booleans:
    """Rows whose every window is full."""
    warm: Booleans = rows.own >= parse(text).warm_bars - 1
    return warm
