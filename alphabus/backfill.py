"""What the signal cache has on record behind a section, asked page by page and never waited for."""

from __future__ import annotations

from dataclasses import dataclass, field

from alphabus.archive import Archive
from alphabus.record_page import RecordPage

LAST_BAR = 2**62

Start = tuple[bytes | None, int]
"""A numbering and the first bar that is asked for; None: of whichever is on record."""


@dataclass(slots=True)
class Backfill:
    """One look at the record, one numbering after the other. What is lost on the way, or not answered, is asked again.

    The cache answers by numbering: of the one it has, what follows; of one it has put aside, all of the one it has
    instead; of one it never had, nothing: there the writer has forgotten nothing yet.
    """

    archive: Archive
    arm: str
    covers: int
    """How many waiting messages the record is asked after: what the writer had forgotten before them is on it."""
    since_ns: int
    asked: list[bytes | None] = field(default_factory=list)
    """The numberings asked for so far, the present one last."""
    _first: int = 0
    _question: int = 0

    def ask(self, start: Start) -> None:
        """Ask for the page that begins there."""
        journal, self._first = start
        if journal not in self.asked[-1:]:
            self.asked.append(journal)
        span = {"from": self._first, "to": LAST_BAR}
        self._question = self.archive.request("history", arm=self.arm, journal=journal or b"", **span)

    def receive(self) -> RecordPage | None:
        """The page, None as long as it is not there; raises RequestError when the cache refused."""
        page = self.archive.page(self._question)
        # Not of one that is away: it would find all our questions in its queue, and answer each.
        if page is None and not self.archive.awaits(self._question) and not self.archive.stale:
            self.ask((self.asked[-1], self._first))
        return page
