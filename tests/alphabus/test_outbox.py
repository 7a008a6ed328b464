"""What a writer can send again, and what it may forget."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from alphabus.codec import Frames, decode, encode
from alphabus.messages import Delivery, Message, Streamed
from alphabus.outbox import CHUNK, CHUNK_BYTES, Outbox, Page
from tests.alphabus.writer import PLENTY, TOPIC, Writer


def read(page: Page) -> list[Message]:
    """The messages of a page."""
    return [decode(frames).message for frames in page.frames]


def shape(page: Page) -> list[tuple[str, int, int]]:
    """Kind, bar and part of each message of a page."""
    found = [message for message in read(page) if isinstance(message, Streamed)]
    return [(message.kind, message.bar, message.part) for message in found]


def written(count: int, symbols: tuple[str, ...] = ("A",)) -> Writer:
    """A writer after this many bars."""
    writer = Writer()
    for _ in range(count):
        writer.section(symbols)
    return writer


def test_an_unknown_topic_is_empty() -> None:
    """And that is all there is of it."""
    assert Outbox(PLENTY).since("t/other/", b"", 0) == Page((), complete=True)


def test_everything_comes_in_the_order_it_was_published() -> None:
    """The universe before its sections, revisions after what they revise, the end last."""
    writer = written(2)
    writer.revision()
    writer.section(("B",))
    writer.end()
    assert shape(writer.outbox.since(TOPIC, writer.journal, 0)) == [
        ("universe", 1, 0),
        ("signals", 1, 1),
        ("signals", 2, 1),
        ("signals", 2, 2),
        ("universe", 3, 0),
        ("signals", 3, 1),
        ("end", 3, 255),
    ]


def test_from_a_bar_on_the_universe_in_force_comes_first() -> None:
    """Sections in the middle can be read without what came before them."""
    writer = written(3)
    writer.section(("B",))
    assert shape(writer.outbox.since(TOPIC, writer.journal, 3)) == [
        ("universe", 1, 0),
        ("signals", 3, 1),
        ("universe", 4, 0),
        ("signals", 4, 1),
    ]


def test_what_is_known_of_the_bar_is_left_out() -> None:
    """Later parts of it come; a universe is no part, and comes again."""
    writer = written(2)
    writer.section(("B",))
    writer.revision()
    universe, section, revised = ("universe", 3, 0), ("signals", 3, 1), ("signals", 3, 2)
    assert shape(writer.outbox.since(TOPIC, writer.journal, 3))[1:] == [universe, section, revised]
    assert shape(writer.outbox.since(TOPIC, writer.journal, 3, part=1))[1:] == [universe, revised]
    assert shape(writer.outbox.since(TOPIC, writer.journal, 3, part=2))[1:] == [universe]


def test_no_section_is_sent_twice_to_who_says_what_is_known() -> None:
    """However small the pages are, and each reaches further."""
    writer, found, known = written(5), list[tuple[str, int, int]](), (0, 0)
    writer.revision()
    complete = False
    while not complete:
        page = writer.outbox.since(TOPIC, writer.journal, known[0], 1, known[1])
        *_, last = sections = [each for each in shape(page) if each[0] == "signals"]
        found, known, complete = found + sections, last[1:], page.complete
    assert found == [*(("signals", bar, 1) for bar in (1, 2, 3, 4, 5)), ("signals", 5, 2)]


def test_a_reader_of_another_journal_gets_everything() -> None:
    """Its bar and part mean nothing here."""
    writer = written(3)
    assert writer.outbox.since(TOPIC, b"z" * 16, 3, part=1) == writer.outbox.since(TOPIC, writer.journal, 0)
    assert writer.outbox.since(TOPIC, b"z" * 16, 3) == writer.outbox.since(TOPIC, writer.journal, 0)


def test_a_new_journal_forgets_the_old_one() -> None:
    """Numbers of two numberings never stand side by side."""
    writer = written(3)
    writer.renumbered()
    writer.section(("B",))
    found = [message for message in read(writer.outbox.since(TOPIC, b"", 0)) if isinstance(message, Streamed)]
    assert {message.journal for message in found} == {writer.journal}
    assert writer.outbox.size_bytes == total(writer.outbox)


def test_what_was_acknowledged_is_forgotten() -> None:
    """But not the universe that what remains needs."""
    writer = written(5)
    writer.outbox.acknowledged(TOPIC, writer.journal, 3)
    assert shape(writer.outbox.since(TOPIC, writer.journal, 0)) == [
        ("universe", 1, 0),
        ("signals", 4, 1),
        ("signals", 5, 1),
    ]
    assert writer.outbox.size_bytes == total(writer.outbox)


@pytest.mark.parametrize(("topic", "journal"), [("t/other/", b"a" * 16), (TOPIC, b"z" * 16)])
def test_an_acknowledgement_of_something_else_changes_nothing(topic: str, journal: bytes) -> None:
    """Another topic, another journal."""
    writer = written(5)
    before = writer.outbox.since(TOPIC, b"", 0)
    writer.outbox.acknowledged(topic, journal, 3)
    assert writer.outbox.since(TOPIC, b"", 0) == before


def test_all_acknowledged_leaves_the_universe_and_the_end() -> None:
    """A late reader still learns that the stream is over."""
    writer = written(2)
    writer.end()
    writer.outbox.acknowledged(TOPIC, writer.journal, 2)
    assert shape(writer.outbox.since(TOPIC, writer.journal, 0)) == [("universe", 1, 0), ("end", 2, 255)]
    assert writer.outbox.size_bytes == 0


def test_an_end_that_the_stream_went_beyond_is_forgotten() -> None:
    """Nobody is told that it is over before it is; the next end is its last word again."""
    writer = written(2)
    writer.end()
    writer.revision()
    assert shape(writer.outbox.since(TOPIC, writer.journal, 2))[-1] == ("end", 2, 255)
    writer.section()
    assert shape(writer.outbox.since(TOPIC, writer.journal, 3)) == [("universe", 1, 0), ("signals", 3, 1)]
    writer.end()
    assert shape(writer.outbox.since(TOPIC, writer.journal, 3))[-1] == ("end", 3, 255)


def test_a_page_ends_and_the_next_goes_on() -> None:
    """Pages overlap in the bar asked from, and together hold everything."""
    writer = written(2 * CHUNK + 10)
    bar, found, pages = 0, list[int](), 0
    while True:
        page = writer.outbox.since(TOPIC, writer.journal, bar)
        found += [message.bar for message in read(page) if message.kind == "signals" and message.bar > bar]  # type: ignore[union-attr]
        bar, pages = found[-1], pages + 1
        assert len(page.frames) <= CHUNK + 2
        if page.complete:
            break
    assert (found, pages) == (list(range(1, 2 * CHUNK + 11)), 3)


def test_a_page_of_large_sections_is_short() -> None:
    """Its bytes are limited too."""
    writer = written(10)
    page = writer.outbox.since(TOPIC, writer.journal, 0, 1_000)
    assert (len(page.frames), page.complete) == (4, False)


@pytest.mark.parametrize(("messages", "size"), [(1, CHUNK_BYTES), (CHUNK, 1)])
def test_a_page_always_reaches_past_the_bar_it_was_asked_from(messages: int, size: int) -> None:
    """Many revisions of one bar, or a universe after them, must not make the next question the same one."""
    writer = written(1)
    for _ in range(5):
        writer.revision()
    writer.section(("B",))
    writer.section(("B",))
    with patch("alphabus.outbox.CHUNK", messages):
        page = writer.outbox.since(TOPIC, writer.journal, 1, size)
    assert shape(page)[-1] == ("signals", 2, 1)
    assert not page.complete


def frames_of(size: int) -> Frames:
    """Frames of this many bytes in all."""
    return b"t/", bytes(size - 2), b""


def total(outbox: Outbox) -> int:
    """Bytes of all that is kept."""
    return sum(len(frame) for shelf in outbox._shelves.values() for item in shelf.items for frame in item.frames)


def test_the_oldest_goes_when_the_budget_is_spent() -> None:
    """It is counted, and the budget holds."""
    writer = Writer(outbox=Outbox(2_000))
    for _ in range(20):
        writer.section()
    kept = [bar for kind, bar, _ in shape(writer.outbox.since(TOPIC, writer.journal, 0)) if kind == "signals"]
    assert kept == list(range(21 - len(kept), 21))
    assert writer.outbox.evicted == 21 - len(kept)
    assert writer.outbox.size_bytes == total(writer.outbox) <= 2_000


def test_a_budget_smaller_than_a_message_keeps_the_newest() -> None:
    """One section is always at hand."""
    writer = Writer(outbox=Outbox(1))
    for _ in range(3):
        writer.section()
    assert shape(writer.outbox.since(TOPIC, writer.journal, 0)) == [("universe", 1, 0), ("signals", 3, 1)]


def test_a_large_topic_does_not_push_a_small_one_out() -> None:
    """What goes is the oldest of all topics, whichever was added last."""
    outbox, writer = Outbox(10_000), Writer()
    for _ in range(30):
        for delivery in writer.section():
            message = delivery.message
            assert isinstance(message, Streamed)
            outbox.add("t/large/", message, frames_of(900))
            outbox.add("t/small/", message, frames_of(20))
    small, large = (len(outbox._shelves[name].items) for name in ("t/small/", "t/large/"))
    assert abs(small - large) <= 1
    assert outbox.size_bytes == total(outbox) <= 10_000


def test_frames_are_kept_as_they_were_published() -> None:
    """A replay is the same bytes, epoch and seq included."""
    writer = Writer()
    deliveries: list[Delivery] = writer.section()
    assert list(writer.outbox.since(TOPIC, b"", 0).frames) == [encode(delivery) for delivery in deliveries]
