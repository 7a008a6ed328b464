"""What the signal cache has on record from a section on, asked page by page and never waited for."""

from __future__ import annotations

from collections.abc import Sequence

from alphabus.archive import Archive
from alphabus.section import Section

LAST_BAR = 2**62


class Backfill:
    """One look at the record. What is lost on the way, or not answered, is asked again."""

    def __init__(
        self, archive: Archive, arm: str, first_bar: int, journal: bytes | None, *, covers: int, now_ns: int
    ) -> None:
        """`covers`: how many held messages the record is asked before; what a writer has forgotten is on it."""
        self._archive, self._arm = archive, arm
        self.covers, self.since_ns = covers, now_ns
        self.turn(first_bar, journal)

    def turn(self, first_bar: int, journal: bytes | None) -> None:
        """Ask for the page that begins with this bar of a numbering; None: of whichever is on record."""
        self._first, self._journal = first_bar, journal
        span = {"from": first_bar, "to": LAST_BAR}
        self._question = self._archive.request("history", arm=self._arm, **span)

    def receive(self) -> list[Section] | None:
        """The page, None as long as it is not there; raises RequestError when the cache refused."""
        page = self._archive.answer(self._question)
        # Not of one that is away: it would find all our questions in its queue, and answer each.
        if page is None and not self._archive.awaits(self._question) and not self._archive.stale:
            self.turn(self._first, self._journal)
        return page

    def miscounted(self, page: Sequence[Section]) -> bytes | None:
        """The numbering that began on record since it was asked: what it has before our bar is missing in the page."""
        if self._journal is None or self._first == 0:
            return None
        return next((each.signals.journal for each in page if each.signals.journal != self._journal), None)

    def other(self, page: Sequence[Section]) -> bytes | None:
        """The numbering that the record is of instead of the one asked in, which is on it no more."""
        found = None if self._journal is None or not page else page[-1].signals.journal
        return None if found == self._journal else found

    @property
    def journal(self) -> bytes | None:
        """The numbering it asks in."""
        return self._journal
