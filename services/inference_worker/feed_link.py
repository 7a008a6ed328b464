"""The announcements the worker follows: which sections are due."""

from __future__ import annotations

from collections.abc import Sequence

from alphabus.continuity import Follower, Place
from alphabus.inlet import Inlet
from alphabus.messages import Announcement, Delivery
from common.service import Context
from services.inference_worker.board import Board
from services.inference_worker.remainder import Remainder
from services.inference_worker.section import Section
from services.inference_worker.standstill import Standstill


class FeedLink:
    """Hears the feed in order; asks it how much is left until a section is due that only its record told of."""

    def __init__(self, context: Context, board: Board) -> None:
        self._topic = context.config.endpoints.topic("announcements")
        self._inlet = Inlet(context.bus, "inference_worker", "bar_feed", [self._topic])
        self._clock, self._board = context.bus.clock, board
        self._standstill = Standstill(self._clock.monotonic_ns())
        self._remainder = Remainder(self._inlet, board, self._clock, lambda: self.said_ns)

    @property
    def handles(self) -> list[object]:
        """The feed's two ends."""
        return self._inlet.handles

    @property
    def state(self) -> str:
        """Of the link to the feed."""
        return self._inlet.state

    def resume(self, journal: bytes, bar: int) -> None:
        """Go on after a section."""
        self._inlet.resume(self._topic, Follower(self._topic, journal, Place(bar, 2)))

    def receive(self) -> Sequence[Delivery]:
        """What came."""
        self._standstill.look(self._clock.monotonic_ns())
        return self._inlet.receive()

    @property
    def said_ns(self) -> int:
        """When what came was said at the earliest, if the worker stood still before it heard it; otherwise now."""
        return self._standstill.said_ns(self._clock.monotonic_ns())

    @property
    def stood_still(self) -> bool:
        """Whether what came may have been said long ago."""
        return self._standstill.lasts(self._clock.monotonic_ns())

    def file(self, announcement: Announcement, *, on_record: bool) -> Section:
        """Put on the board what came just now; on_record: it was sent again, and nobody knows when it was said."""
        section = self._board.announce(announcement, self.said_ns, on_record=on_record, early=self.stood_still)
        if section.recalled or section.early:
            self._remainder.want()
        return section

    def ask(self) -> None:
        """Ask what is to be asked; to be called once what came is on the board."""
        self._remainder.turn()

    def acknowledge(self, journal: bytes, bar: int) -> None:
        """Tell the feed what will not be asked for again."""
        self._inlet.acknowledge(self._topic, journal, bar)

    def repeat(self) -> None:
        """Acknowledge again now and then."""
        self._inlet.repeat()

    def close(self) -> None:
        """Let go of the feed."""
        self._inlet.close()
