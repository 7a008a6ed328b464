"""How far back the feed's record goes in a simulation, and who was told that it does not go far enough."""

from __future__ import annotations

from itertools import pairwise

from alphabus.messages import Universe
from services.bar_feed.service import BarFeed
from tests.simulation.events import Events


class Past:
    """What a run's end is judged by, where the feed does not keep everything."""

    def __init__(self, events: Events) -> None:
        self._events, self._journal = events, b""
        self.begins = 0
        """The first bar that was on the feed's record when its numbering began anew; 0: all of them."""

    def started(self, feed: BarFeed) -> None:
        """Note whether it goes on with the numbering it had."""
        if self._journal not in (b"", feed.journal):
            self.begins = feed._log.journal.begins
        self._journal = feed.journal

    def is_forgotten(self, feed: BarFeed) -> bool:
        """Whether some of it has gone."""
        return feed._log.journal.begins > 1

    def departures(self, feed: BarFeed) -> int:
        """How often somebody left the list of symbols."""
        lists = [set(message.symbols) for message in feed._log.read_own() if isinstance(message, Universe)]
        return sum(not before <= after for before, after in pairwise(lists))

    @property
    def cuts(self) -> set[int]:
        """The sections with which a plan's past began, since those before them were no longer on record."""
        return {event["first_bar"] for event in self._events.of("history_cut")}

    def stayed(self, model: str) -> bool:
        """Whether somebody who was to relieve this model failed as well: it may then have stayed."""
        return any(event["serving"] == model for event in self._events.of("swap_failed"))

    @property
    def renumbered(self) -> bool:
        """Whether the feed's numbering began anew."""
        return bool(self._events.of("journal_renewed"))
