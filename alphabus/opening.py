"""How an arm's stream begins: with the latest section on record, unless the cache is away."""

from __future__ import annotations

from collections.abc import Sequence

from alphabus.archive import Archive
from alphabus.clock import Clock
from alphabus.errors import RequestError
from alphabus.section import Section

SNAPSHOT_NS = 2_000_000_000


class Opening:
    """Asks for the latest section, for so long; `answered` says whether what was on record is known."""

    def __init__(self, archive: Archive, arm: str, clock: Clock) -> None:
        self._archive, self._arm, self._clock = archive, arm, clock
        self._asked, self._asked_ns = archive.request("latest", arm=arm), clock.monotonic_ns()
        self.over = self.answered = False

    def receive(self) -> Sequence[Section]:
        """The latest section once it is there, and nothing else; raises RequestError when the cache refused."""
        try:
            answer = self._archive.answer(self._asked)
        except RequestError:
            self.over = True
            raise
        self.answered = answer is not None
        self.over = self.answered or self._clock.monotonic_ns() - self._asked_ns >= SNAPSHOT_NS
        if not self.over and not self._archive.awaits(self._asked):
            self._asked = self._archive.request("latest", arm=self._arm)
        return answer or []
