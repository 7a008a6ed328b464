"""The feed's record: its journal, what it says about where to go on, and how it is sent again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from alphabus.codec import Content, Frames
from alphabus.messages import Announcement, Bars, EndOfStream, Phase, Streamed, Universe
from alphabus.outbox import CHUNK_BYTES, Item, Page, turn_page
from common.message_log import MessageLog
from services.bar_feed.alignment import Alignment

Encoder = Callable[[str, Streamed], Frames]


class Chronicle:
    """Appends what the feed says before it says it, and finds it again by topic and bar."""

    def __init__(self, log: MessageLog, announcements: str, bars: str, encode: Encoder) -> None:
        self._log, self._announcements, self._bars, self._encode = log, announcements, bars, encode
        self._universe: Universe | None = None  # the newest; those before it are found on record
        self.last_bar, self.last_time, self.ended = 0, -(2**62), False
        self.announced: Announcement | None = None

    @property
    def journal(self) -> bytes:
        """Id of the numbering."""
        return self._log.journal.id

    @property
    def durable_bar(self) -> int:
        """The newest bar that is known to be on disk."""
        return min(self._log.journal.durable_bar or 0, self.last_bar)

    def recall(self, alignment: Alignment) -> None:
        """Read the whole record: startup is recovery."""
        for message in self._log.read_own():
            if isinstance(message, Universe) and self._universe is None:
                alignment.admit(message.symbols)  # the sections in which they were first seen may be dropped
            self._note(message)
            if isinstance(message, Bars) and self._universe is not None:
                alignment.restore(message, self._universe.symbols)
        alignment.resume()

    def append(self, said: Sequence[tuple[Streamed, Content]]) -> None:
        """Journal messages of one bar, all or none; raises JournalError, and then none of them may be published."""
        self._log.extend(said)
        for message, _ in said:
            self._note(message)

    def since(self, topic: str, journal: bytes, bar: int, most_bytes: int = CHUNK_BYTES, part: int = 0) -> Page:
        """What was said on `topic` from `bar` on, without its parts up to `part`; of another journal everything."""
        first, part = (bar, part) if journal == self.journal else (0, 0)
        head = [self._encode(topic, universe) for universe in self._in_force(topic, first)]
        items = (
            Item(message.bar, message.part, self._encode(topic, message))
            for message in self._log.read_own(first)
            if self._belongs(message, topic)
        )
        return turn_page(head, items, (first, part), most_bytes)

    def _in_force(self, topic: str, first: int) -> list[Universe]:
        if topic != self._bars or self._universe is None:
            return []
        newest = self._universe
        found = newest if newest.bar < first else self._log.universe_before(first)
        return [] if found is None else [replace(found, journal=self.journal)]

    def _belongs(self, message: Streamed, topic: str) -> bool:
        if isinstance(message, EndOfStream):
            return topic in (self._announcements, self._bars)
        return topic == (self._announcements if isinstance(message, Announcement) else self._bars)

    def _note(self, message: Streamed) -> None:
        if isinstance(message, Universe):
            self._universe = message
        elif isinstance(message, Bars):
            self.last_bar, self.last_time, self.announced = message.bar, message.time, None
            self.ended = False  # a source that has more by now goes on after its end, and ends once more
        elif isinstance(message, EndOfStream):
            self.ended = True
        elif isinstance(message, Announcement) and message.phase is Phase.DUE:
            self.announced = message
