"""Messages on record come back as they were, under the journal's present id."""

from __future__ import annotations

from pathlib import Path

import pytest

from alphabus.codec import encode_record
from alphabus.messages import STREAMED, Signals, Streamed, Universe
from alphabus.testing import signals, universe
from common.errors import JournalError
from common.market.journal import Journal
from common.message_log import KINDS, MessageLog


def test_kinds_never_change_their_number() -> None:
    """The numbers are part of the record format."""
    assert KINDS == {"announcement": 1, "universe": 2, "bars": 3, "factors": 4, "signals": 5, "end": 6}
    assert len(KINDS) == len(STREAMED)


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    """In order, from any bar on, after a restart."""
    messages: list[Streamed] = [universe("AB"), signals(1, {"A": 0.5, "B": 1.5}), signals(2, {"A": 0.25, "B": -1.0})]
    with Journal.open(tmp_path) as journal:
        for message in messages:
            MessageLog(journal).append(message)
    with Journal.open(tmp_path) as journal:
        log = MessageLog(journal)
        assert [encode_record(message) for message in log.read()] == [encode_record(message) for message in messages]
        assert [type(message) for message in log.read(2)] == [Signals]


def test_read_own_says_whose_the_numbers_are_now(tmp_path: Path) -> None:
    """A journal whose tail was cut has another id; its records follow it."""
    with Journal.open(tmp_path) as journal:
        log = MessageLog(journal)
        log.append(universe("A"))
        assert {message.journal for message in log.read()} == {bytes(16)}
        assert {message.journal for message in log.read_own()} == {journal.id}
        assert [type(message) for message in log.read_own()] == [Universe]


def test_a_record_that_is_no_message_is_named(tmp_path: Path) -> None:
    """By its bar."""
    with Journal.open(tmp_path) as journal:
        journal.append(1, 7, b"nonsense")
        with pytest.raises(JournalError, match="the record of bar 7 is not a message"):
            list(MessageLog(journal).read())
