"""The feed's record: what it says about where to go on, and how it is sent again, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alphabus.codec import Frames, content_of, decode, encode
from alphabus.messages import Announcement, Bars, Delivery, EndOfStream, Mode, Phase, Streamed, Universe
from alphabus.outbox import CHUNK
from common.market.journal import Journal
from common.market.membership import Membership
from common.message_log import UNIVERSE, MessageLog
from services.bar_feed.alignment import Alignment
from services.bar_feed.chronicle import Chronicle
from tests.services.markets import raw_section

ANNOUNCEMENTS, BARS = "t/announcements/", "t/bars/"


def on_no_link(topic: str, message: Streamed) -> Frames:
    """A message as it is sent from a record."""
    return encode(Delivery(topic, 1, 0, 0, message))


@contextmanager
def chronicle(folder: Path) -> Iterator[Chronicle]:
    """A record on disk, closed at the end."""
    with Journal.open(folder, sync="never", landmark=UNIVERSE) as journal:
        yield Chronicle(MessageLog(journal), ANNOUNCEMENTS, BARS, on_no_link)


def put(record: Chronicle, *messages: Streamed) -> None:
    """Journal messages of one bar together."""
    record.append([(message, content_of(message)) for message in messages])


def say(record: Chronicle, alignment: Alignment, bar: int, symbols: str) -> None:
    """Journal one section as the feed does: due, closed, universe if new, bars."""
    raw = raw_section(bar, dict.fromkeys(symbols, 1.0))
    due, closed = (
        Announcement(record.journal, bar, Mode.REPLAY, raw.time, raw.stamp, phase, 2)
        for phase in (Phase.DUE, Phase.CLOSED)
    )
    put(record, due)
    universe, bars = alignment.align(raw, record.journal, bar, Mode.REPLAY)
    put(record, closed, *([] if universe is None else [universe]), bars)


def said(record: Chronicle, topic: str, bar: int, journal: bytes | None = None) -> tuple[list[tuple[str, int]], bool]:
    """Kinds and bars of a page, and whether it is the last."""
    page = record.since(topic, record.journal if journal is None else journal, bar)
    messages: list[Streamed] = [decode(frames).message for frames in page.frames]  # type: ignore[misc]
    return [(message.kind, message.bar) for message in messages], page.complete


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Four sections; the universe changes at the third."""
    with chronicle(tmp_path) as record:
        alignment = Alignment(Membership(3))
        for bar, symbols in enumerate(["AB", "AB", "ABC", "AC"], 1):
            say(record, alignment, bar, symbols)
    return tmp_path


def test_each_topic_gets_its_own(recorded: Path) -> None:
    """Bars with the universe in force before them; announcements with none."""
    with chronicle(recorded) as record:
        record.recall(Alignment(Membership(3)))
        assert said(record, BARS, 2) == (
            [("universe", 1), ("bars", 2), ("universe", 3), ("bars", 3), ("bars", 4)],
            True,
        )
        assert said(record, BARS, 4)[0] == [("universe", 3), ("bars", 4)]
        assert said(record, ANNOUNCEMENTS, 4)[0] == [("announcement", 4)] * 2
        assert said(record, "t/else/", 0) == ([], True)


def test_the_universe_in_force_is_found_again(tmp_path: Path) -> None:
    """However often it changed; only the newest is in memory."""
    with chronicle(tmp_path) as record:
        alignment = Alignment(Membership(1))
        for bar in range(1, 31):
            say(record, alignment, bar, chr(64 + (bar + 1) // 2))
        for bar in (2, 8, 16, 29, 30, 31):
            universe = record.since(BARS, record.journal, bar).frames[0]
            message = decode(universe).message
            assert isinstance(message, Universe)
            assert (message.journal, chr(64 + min(bar, 30) // 2)) == (record.journal, message.symbols[-1])


def test_another_journal_gets_everything(recorded: Path) -> None:
    """Its numbers mean nothing here."""
    with chronicle(recorded) as record:
        record.recall(Alignment(Membership(3)))
        assert len(said(record, BARS, 4, b"x" * 16)[0]) == 6


def test_where_to_go_on(recorded: Path) -> None:
    """After a restart: the last section with bars, and the one that is announced but not yet there."""
    with chronicle(recorded) as record:
        record.recall(Alignment(Membership(3)))
        assert (record.last_bar, record.last_time, record.announced, record.ended) == (
            4, raw_section(4, {"A": 1.0}).time, None, False,
        )  # fmt: skip
        due = Announcement(record.journal, 5, Mode.REPLAY, 5, 5, Phase.DUE, 2)
        put(record, due)
        put(record, Announcement(record.journal, 5, Mode.REPLAY, 5, 5, Phase.CLOSED, 2))
    with chronicle(recorded) as record:  # it died between `closed` and the bars
        record.recall(Alignment(Membership(3)))
        assert (record.last_bar, record.announced) == (4, due)


def test_a_stream_that_goes_on_has_not_ended(recorded: Path) -> None:
    """Its source has more since; it may end once more, and both ends are on record."""
    with chronicle(recorded) as record:
        record.recall(alignment := Alignment(Membership(3)))
        put(record, EndOfStream(record.journal, 4, Mode.REPLAY))
        say(record, alignment, 5, "AC")
        assert not record.ended
    with chronicle(recorded) as record:
        record.recall(Alignment(Membership(3)))
        assert not record.ended
        put(record, EndOfStream(record.journal, 5, Mode.REPLAY))
        assert record.ended
        assert said(record, BARS, 4)[0][1:] == [("bars", 4), ("end", 4), ("bars", 5), ("end", 5)]


def test_the_end_belongs_to_both(recorded: Path) -> None:
    """And is remembered."""
    with chronicle(recorded) as record:
        put(record, EndOfStream(record.journal, 4, Mode.REPLAY))
        assert [said(record, topic, 4)[0][-1] for topic in (ANNOUNCEMENTS, BARS)] == [("end", 4)] * 2
    with chronicle(recorded) as record:
        record.recall(Alignment(Membership(3)))
        assert record.ended


def test_pages_lead_to_the_end(tmp_path: Path) -> None:
    """A reader that asks again from its last bar gets every section, each page bounded."""
    bars = 2 * CHUNK + 5
    with chronicle(tmp_path) as record:
        alignment = Alignment(Membership(3))
        for bar in range(1, bars + 1):
            say(record, alignment, bar, "AB")
        got, last, complete = list[int](), 0, False
        while not complete:
            page, complete = said(record, BARS, last)
            assert len(page) <= CHUNK + 2
            new = [bar for kind, bar in page if kind == "bars" and bar > last]
            assert new or complete
            got, last = got + new, new[-1] if new else last
    assert got == list(range(1, bars + 1))


def test_recall_restores_the_alignment(recorded: Path) -> None:
    """The next section is what it would have been without a restart."""
    raw = raw_section(5, {"B": 1.0, "D": 1.0})
    sections = []
    for restart in (False, True):
        with chronicle(recorded) as record:
            alignment = Alignment(Membership(3))
            if restart:
                record.recall(alignment)
            else:
                for bar, symbols in enumerate(["AB", "AB", "ABC", "AC"], 1):
                    alignment.align(raw_section(bar, dict.fromkeys(symbols, 1.0)), record.journal, bar, Mode.REPLAY)
            sections.append(alignment.align(raw, record.journal, 5, Mode.REPLAY))
    (universe, bars), (again, same) = sections
    assert isinstance(universe, Universe)
    assert isinstance(bars, Bars)
    assert universe == again
    assert (bars.universe, bars.coverage) == (same.universe, same.coverage)
