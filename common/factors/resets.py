"""When symbols start anew: after too long an absence, or with a new session, as their plan says."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from common.factors.block import Block
from common.factors.kernels.build import Booleans, Integers
from common.factors.plan import Plan
from common.factors.state import NEVER, State


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Sections first .. last, and who starts anew before them: all, or some, or nobody."""

    first: int
    last: int
    all: bool = False
    some: Booleans | None = None

    @property
    def forget(self) -> bool:
        """Whether anybody does."""
        return self.all or self.some is not None

    def apply(self, state: State) -> None:
        """Let them."""
        if self.all:
            state.away.clear()
            state.forget(np.ones(len(state.symbols), dtype=np.bool_))
        elif self.some is not None:
            state.forget(self.some)


def segments(plan: Plan, state: State, block: Block, present: Booleans) -> list[Segment]:
    """Cut a block where somebody starts anew; `state` must have adopted its symbols, or have none of them reset."""
    sections = len(present)
    renewed = _new_sessions(plan, state, block)
    returned = _returns(plan, state, present)
    cuts = np.flatnonzero(renewed | returned.any(axis=1)).tolist()
    edges = [*sorted({0, *cuts}), sections]
    return [
        Segment(first, last, bool(renewed[first]), returned[first] if returned[first].any() else None)
        for first, last in pairwise(edges)
        if last > first
    ]


def _new_sessions(plan: Plan, state: State, block: Block) -> Booleans:
    """Tell which sections begin another session than the section before them belonged to."""
    if not plan.by_session or block.session is None or not len(block.session):
        return np.zeros(len(block.member), dtype=np.bool_)
    before = block.session[0] if state.session is None else state.session
    changed: Booleans = np.diff(block.session, prepend=before) != 0
    return changed


def _returns(plan: Plan, state: State, present: Booleans) -> Booleans:
    """Tell which bars come after an absence longer than `max_gap`."""
    if plan.max_gap is None:
        return np.zeros((len(present), 1), dtype=np.bool_)
    symbols = present.shape[1]
    at = state.section + np.arange(len(present))[:, np.newaxis]
    seen: Integers = np.where(present, at, NEVER)
    before = np.vstack([state.last[np.newaxis, :symbols], seen[:-1]])
    before = np.maximum.accumulate(before, axis=0)
    late: Booleans = present & (before != NEVER) & (at - before - 1 > plan.max_gap)
    return late
