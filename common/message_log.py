"""Messages on record: a journal whose payloads are what went over the wire, less what belongs to a link."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from alphabus.codec import Content, content_of, decode_record, encode_record
from alphabus.errors import DecodeError
from alphabus.messages import STREAMED, Streamed, Universe
from common.errors import JournalError
from common.market.journal import Journal
from common.market.journal_records import Record

# The order of STREAMED is part of the record format: append to it, never reorder.
KINDS = {kind.kind: number for number, kind in enumerate(STREAMED, 1)}
UNIVERSE = KINDS[Universe.kind]


class MessageLog:
    """Appends messages to a journal and reads them back.

    A journal opened with `landmark=UNIVERSE` repeats the universe in force where a segment begins, so that old segments
    can be dropped, and finds it again for whoever reads from the middle; such a repetition is read only where it tells
    something.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def append(self, *messages: Streamed) -> None:
        """Put messages of one bar on record, all or none; raises JournalError."""
        self.extend([(message, content_of(message)) for message in messages])

    def extend(self, messages: Iterable[tuple[Streamed, Content]]) -> None:
        """The same with the content of each, where it is made already."""
        self.journal.extend(
            [Record(KINDS[message.kind], message.bar, encode_record(message, content)) for message, content in messages]
        )

    def read(self, first_bar: int = 0) -> Iterator[Streamed]:
        """Messages from `first_bar` on; raises JournalError for a record that is not a message."""
        known = b""
        for record in self.journal.read(first_bar):
            message = read_message(record)
            if isinstance(message, Universe):
                if message.universe == known and message.bar < record.bar:
                    continue
                known = message.universe
            yield message

    def universe_before(self, bar: int) -> Universe | None:
        """The universe in force before the first message of `bar`, if one was on record and still is."""
        record = self.journal.landmark_before(bar)
        message = None if record is None else read_message(record)
        return message if isinstance(message, Universe) else None

    def read_own(self, first_bar: int = 0) -> Iterator[Streamed]:
        """The same under this journal's present id: a cut tail changes the id, and with it who its records are."""
        for message in self.read(first_bar):
            yield message if message.journal == self.journal.id else replace(message, journal=self.journal.id)


def read_message(record: Record) -> Streamed:
    """What a record says; raises JournalError for one that is not a message."""
    try:
        return decode_record(record.payload)
    except DecodeError as error:
        raise JournalError(f"the record of bar {record.bar} is not a message: {error}") from error
