"""From a section of bars to a section of factors, by one plan (pure)."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import numpy as np

from alphabus.body import Body
from alphabus.codec import encode_record
from alphabus.columns import FACTOR_MARKS
from alphabus.layout import layout
from alphabus.messages import Bars, Factors
from common.errors import SnapshotError
from common.factors.engine import Engine
from common.factors.plan import Plan
from services.factor_engine.sections import block_of, without_symbols
from services.factor_engine.snapshot import Position, encode_snapshot


class Desk:
    """Holds one plan's state for one journal, up to `bar`; another journal starts it anew."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.journal, self.bar = bytes(16), 0
        self._engine = Engine(plan)
        self._layout = layout(plan.names, FACTOR_MARKS)
        self._newest: Bars | None = None
        self._unproven = b""

    def is_new(self, bars: Bars) -> bool:
        """Whether a section is still to be applied; SnapshotError if the record does not join on to the state."""
        if bars.journal != self.journal:
            return True
        needed = self.bar if self._unproven else self.bar + 1
        if bars.bar > needed:
            raise SnapshotError(f"sections {needed} to {bars.bar - 1} are no longer on record")
        if self._unproven and bars.bar == self.bar:
            if _proof(bars) != self._unproven:
                raise SnapshotError(f"section {self.bar} on record is not the one the snapshot was taken after")
            self._unproven, self._newest = b"", bars
        return bars.bar > self.bar

    def begins_late(self, bars: Bars) -> bool:
        """Whether the past would begin with this section, and it is not the journal's first."""
        return bars.journal != self.journal and bars.bar > 1

    def update(self, bars: Bars, symbols: tuple[str, ...]) -> Factors:
        """Apply a section, in order; FactorError, and nothing is applied, for one that is not as it must be."""
        block = block_of(bars, symbols)
        engine = self._engine if bars.journal == self.journal else Engine(self.plan)
        # Computed where it is sent from; a piece of memory for each section, since a queue or a record may hold it.
        body = Body.blank(self._layout, len(symbols))
        found = engine.update(block, body.wide[:, np.newaxis, :])
        body.narrow[:] = found.present[0], found.member[0], found.warm[0]
        self._engine = engine
        self.journal, self.bar, self._newest, self._unproven = bars.journal, bars.bar, bars, b""
        return Factors(
            bars.journal, bars.bar, bars.mode, bars.time, bars.stamp, bars.universe, bars.coverage,
            self.plan.digest, body.sealed(),
        )  # fmt: skip

    def pass_over(self, bars: Bars) -> Factors:
        """Apply a section that was refused: a refused bar is no bar, so nobody has one; no symbol has factors."""
        return self.update(without_symbols(bars), ())

    def hold(self) -> Callable[[], bytes]:
        """Copy the state as it is now; what is returned writes the snapshot's bytes, in any thread."""
        state, newest, journal, bar = self._engine.hold(), self._newest, self.journal, self.bar

        def content() -> bytes:  # a section never changes: it is digested where nobody waits for it
            proof = b"" if newest is None else _proof(newest)
            return encode_snapshot(Position(journal, bar, proof), state())

        return content

    def resume(self, position: Position, state: bytes) -> None:
        """Go on from a snapshot; SnapshotError, and nothing changed, if it is not of this plan or platform."""
        self._engine.load(state)
        self.journal, self.bar, self._unproven = position.journal, position.bar, position.proof

    def start_over(self) -> None:
        """Forget everything."""
        self._engine = Engine(self.plan)
        self.journal, self.bar, self._newest, self._unproven = bytes(16), 0, None, b""


def _proof(bars: Bars) -> bytes:
    """SHA-256 of a section as it stands on record."""
    return sha256(encode_record(bars)).digest()
