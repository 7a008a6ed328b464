"""Messages on record: a journal whose payloads are what went over the wire, less what belongs to a link."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from alphabus.codec import decode_record, encode_record
from alphabus.errors import DecodeError
from alphabus.messages import STREAMED, Streamed
from common.errors import JournalError
from common.market.journal import Journal

# The order of STREAMED is part of the record format: append to it, never reorder.
KINDS = {kind.kind: number for number, kind in enumerate(STREAMED, 1)}


class MessageLog:
    """Appends messages to a journal and reads them back."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def append(self, message: Streamed) -> None:
        """Put a message on record under its bar; raises JournalError."""
        self.journal.append(KINDS[message.kind], message.bar, encode_record(message))

    def read(self, first_bar: int = 0) -> Iterator[Streamed]:
        """Messages from `first_bar` on; raises JournalError for a record that is not a message."""
        for record in self.journal.read(first_bar):
            try:
                yield decode_record(record.payload)
            except DecodeError as error:
                raise JournalError(f"the record of bar {record.bar} is not a message: {error}") from error

    def read_own(self, first_bar: int = 0) -> Iterator[Streamed]:
        """The same under this journal's present id: a cut tail changes the id, and with it who its records are."""
        for message in self.read(first_bar):
            yield message if message.journal == self.journal.id else replace(message, journal=self.journal.id)
