"""One plan at work: its desk, its topic, what it has said, and when its state is due to be written."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from alphabus.messages import Bars, Mode
from services.factor_engine.desk import Desk

Place = tuple[bytes, int]
"""A journal, and a bar of it."""

BEGINNING: Place = (bytes(16), 0)


@dataclass(frozen=True, slots=True)
class Held:
    """A copy of a state, to be written once nobody will ask for what was published up to its bar any more."""

    journal: bytes
    bar: int
    free: bool
    """Nothing was published up to there: all of it was history."""
    content: Callable[[], bytes]


@dataclass(slots=True)
class Line:
    """A plan that is computed section by section under a topic of its own."""

    name: str
    topic: str
    desk: Desk
    universe: tuple[bytes, bytes] = (bytes(16), b"")
    """Of which journal, and which, was published last."""
    held: Held | None = None
    held_bar: int = 0
    saving: Future[Place] | None = None
    on_disk: Place = BEGINNING
    """After which section the state was taken that a restart goes on from."""
    aloud: bool = False
    """It was at work before: while it rehearses, what it owes is said, and nobody misses a section of it."""

    def applied(self, bars: Bars, every: int) -> None:
        """Copy the state after every so many sections; one copy at a time."""
        if bars.bar < self.held_bar:  # another journal counts anew
            self.held_bar = 0
        if self.held is None and self.saving is None and bars.bar - self.held_bar >= every:
            self.hold(free=bars.mode is Mode.HISTORY)

    def hold(self, *, free: bool) -> None:
        """Copy the state as it is now."""
        desk = self.desk
        self.held, self.held_bar = Held(desk.journal, desk.bar, free, desk.hold()), desk.bar

    def resumed_from(self, journal: bytes) -> int:
        """The section of a journal that a restart would ask from; 0: its beginning."""
        return self.on_disk[1] if self.on_disk[0] == journal else 0

    def start_over(self) -> None:
        """Forget everything, as on the first day."""
        self.desk.start_over()
        self.held, self.held_bar, self.on_disk = None, 0, BEGINNING
