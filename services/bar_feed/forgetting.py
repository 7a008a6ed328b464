"""Drops the oldest of the feed's record beyond its bounds, and never what engine or worker may still ask for."""

from __future__ import annotations

from alphabus.messages import Acknowledge
from common.config.feed import Retention as Bounds
from common.market.journal import Journal, Retention
from common.market.journal_segments import Segment

ENGINE, STATES = "factor_engine", "states"


class Forgetting:
    """Hears from which section on the engine would go on if it died now; until it has said so all of it stays."""

    def __init__(self, bounds: Bounds, journal: Journal, states: str) -> None:
        """`states`: the topic under which the engine says what its oldest state on disk was taken after."""
        size = None if bounds.max_mb is None else bounds.max_mb << 20
        age = None if bounds.max_days is None else bounds.max_days * 86_400
        self._bounds, self._keep = Retention(size, age), bounds.keep_sections
        self._journal, self._states = journal, states
        self._engine: Acknowledge | None = None

    def hear(self, message: Acknowledge) -> None:
        """Its newest word counts, also where it is a lower one: a plan may have come that has no state yet."""
        if (message.consumer, message.topic) == (ENGINE, self._states):
            self._engine = message

    def prune(self, acknowledged: int, now_s: float) -> tuple[Segment, ...]:
        """Drop what is beyond the bounds and needed by nobody; `acknowledged`: by engine and worker."""
        if self._bounds == Retention():
            return ()
        return self._journal.prune(self._bounds, max(min(acknowledged - self._keep, self.resumed_from), 0), now_s)

    @property
    def resumed_from(self) -> int:
        """The section the engine would ask from; 0: the beginning."""
        said = self._engine
        return 0 if said is None or said.journal != self._journal.id else said.bar
