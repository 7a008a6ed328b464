"""Messages on record come back as they were, under the journal's present id."""

from __future__ import annotations

from pathlib import Path

import pytest

from alphabus.codec import encode_record
from alphabus.messages import STREAMED, Signals, Streamed, Universe
from alphabus.testing import signals, universe
from common.errors import JournalError
from common.market.journal import Journal, Retention
from common.message_log import KINDS, UNIVERSE, MessageLog


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


def test_a_universe_is_read_where_it_tells_something(tmp_path: Path) -> None:
    """Repeated where a segment begins, it is left out of a record that has it already, and not of one that has not."""
    said: list[Streamed] = [universe("AB"), signals(1, {"A": 0.5, "B": 1.5}), signals(2, {"A": 0.5, "B": 1.5})]
    said += [universe("ABC", 3), signals(3, {"A": 0.5, "B": 1.5, "C": 1.0}), universe("AB", 4)]
    said += [signals(4, {"A": 0.5, "B": 1.5}), signals(5, {"A": 0.5, "B": 1.5})]
    with Journal.open(tmp_path, segment_bytes=1, landmark=UNIVERSE) as journal:
        log = MessageLog(journal)
        for message in said:
            log.append(message)
        assert len(list(journal.read())) > len(said)
        assert [encode_record(message) for message in log.read()] == [encode_record(message) for message in said]
        assert [message.bar for message in log.read(5)] == [4, 5]
        before = [log.universe_before(bar) for bar in (0, 1, 3, 4, 9)]
        assert before == [None, None, said[0], said[3], said[5]]
        journal.prune(Retention(max_bytes=0), 2, 0.0)
        assert [type(message) for message in log.read()][:2] == [Universe, Signals]
