"""From a section of bars to a section of factors (pure)."""

from __future__ import annotations

import numpy as np

from alphabus.columns import FACTOR_MARKS
from alphabus.messages import Bars, Column, Factors, Universe
from common.errors import PipelineError
from common.factors.block import Block, FactorBlock
from common.factors.engine import Engine
from common.factors.plan import Plan


class Desk:
    """Holds the engine's state for one journal; another journal starts it anew."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._engine = Engine(plan)
        self._universes: dict[bytes, tuple[str, ...]] = {}
        self.journal = bytes(16)

    def learn(self, universe: Universe) -> None:
        """Remember a list of symbols by its digest."""
        self._universes[universe.universe] = universe.symbols

    def symbols(self, digest: bytes) -> tuple[str, ...]:
        """The symbols a digest stands for; raises PipelineError when it was never told."""
        if digest not in self._universes:
            raise PipelineError(f"no universe message named {digest.hex()[:16]} came before its section")
        return self._universes[digest]

    def update(self, bars: Bars) -> Factors:
        """Apply one section, in order; returns its factors."""
        if bars.journal != self.journal:
            self.journal, self._engine = bars.journal, Engine(self._plan)
        columns = {
            name: column[np.newaxis, :].astype(np.float64) for name, column in bars.columns.items() if name != "member"
        }
        member = bars.columns["member"].astype(np.bool_)[np.newaxis, :]
        found = self._engine.update(Block(self.symbols(bars.universe), columns, member))
        return Factors(
            bars.journal, bars.bar, bars.mode, bars.time, bars.stamp, bars.universe, bars.coverage,
            self._plan.digest, _columns(found),
        )  # fmt: skip


def _columns(found: FactorBlock) -> dict[str, Column]:
    columns: dict[str, Column] = {name: found.values[i, 0] for i, name in enumerate(found.names)}
    marks = (found.present, found.member, found.warm)
    return columns | {name: mark[0] for name, mark in zip(FACTOR_MARKS, marks, strict=True)}
