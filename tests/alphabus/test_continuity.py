"""Whatever a link does to messages: each is applied in order, once, and none is missing when it is quiet again."""

from __future__ import annotations

import copy
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alphabus.continuity import Follower, Place
from alphabus.held import MAX_HELD
from alphabus.messages import Delivery, EndOfStream, Message, Signals, Streamed, Universe
from alphabus.testing import universe
from tests.alphabus.examples import EXAMPLES
from tests.alphabus.writer import TOPIC, Answer, Writer, place

SYMBOLS = st.sampled_from([("A",), ("A", "B"), ("C",)])
Beat = tuple[int, int]
CHUNK = 8  # a page of the record small enough that an answer often takes several


class Reader:
    """Applies what a follower lets through, and checks it on the way."""

    def __init__(self) -> None:
        self.follower = Follower(TOPIC)
        self.journals: list[bytes] = []
        self.places: dict[bytes, list[Place]] = {}
        self.universe = b""
        self.end: tuple[bytes, int] | None = None

    def apply(self, deliveries: list[Delivery]) -> None:
        """Note each message; a section must come under the universe it names."""
        for delivery in deliveries:
            message = delivery.message
            assert isinstance(message, Streamed)
            if isinstance(message, Universe):
                self.universe = message.universe
                continue
            if isinstance(message, Signals):
                assert message.universe == self.universe
            journal, where = place(message)
            if journal not in self.journals:
                self.journals.append(journal)
            assert journal == self.journals[-1], "an older numbering came back"
            if isinstance(message, EndOfStream):
                self.end = journal, message.bar
                continue
            self.places.setdefault(journal, []).append(where)

    def ask(self, writer: Writer) -> Answer:
        """Ask as an inlet does."""
        return writer.answer(self.follower.journal, self.follower.known)

    def settle(self, writer: Writer) -> int:
        """Hear a heartbeat, then ask until sure; how often it took."""
        self.follower.expect(writer.epoch, writer.seq + 1)
        for asked in range(100):
            if not self.follower.unsure:
                return asked
            self.apply(self.follower.answered(*self.ask(writer)))
        raise AssertionError("unsure for ever")


class LinkMachine(RuleBasedStateMachine):
    """A writer, a reader, and between them a link that loses, repeats, delays and reorders."""

    def __init__(self) -> None:
        super().__init__()
        self.pages = patch("alphabus.outbox.CHUNK", CHUNK)
        self.pages.start()
        self.writer, self.reader = Writer(), Reader()
        self.zombies: list[Writer] = []
        self.flying: list[Delivery | Beat] = []
        self.question: Answer | None = None

    def teardown(self) -> None:
        """Put the page size back."""
        self.pages.stop()

    @rule(symbols=SYMBOLS, count=st.integers(1, 5))
    def publish(self, symbols: tuple[str, ...], count: int) -> None:
        """The next bars."""
        for _ in range(count):
            self.flying += self.writer.section(symbols)

    @rule()
    def publish_many(self) -> None:
        """Several pages of the record."""
        for _ in range(2 * CHUNK):
            self.flying += self.writer.section()

    @rule()
    def revise(self) -> None:
        """A late answer for the last bar."""
        if getattr(self.writer.last, "revision", 0) < 3:  # a bar must fit a page
            self.flying += self.writer.revision()

    @rule()
    def end(self) -> None:
        """The stream's end, which another start may undo."""
        self.flying += self.writer.end()

    @rule()
    def beat(self) -> None:
        """A heartbeat."""
        self.flying.append((self.writer.epoch, self.writer.seq + 1))

    @rule(renumbered=st.booleans())
    def restart(self, renumbered: bool) -> None:  # noqa: FBT001  hypothesis passes it by name
        """The writer starts anew; the old one may still be asked by mistake."""
        self.zombies.append(copy.deepcopy(self.writer))
        self.writer = self.writer.restarted()
        if renumbered:
            self.writer.renumbered()

    @rule()
    def renumber(self) -> None:
        """The numbering changes under a writer that goes on, as downstream of a journal that was cut."""
        self.writer.renumbered()

    @precondition(lambda self: self.flying)
    @rule(at=st.integers(0, 3), count=st.integers(1, 40), repeated=st.booleans())
    def arrive(self, at: int, count: int, repeated: bool) -> None:  # noqa: FBT001  hypothesis passes it by name
        """Some of what flies arrives, perhaps not the oldest, perhaps again later."""
        at = min(at, len(self.flying) - 1)
        arriving = self.flying[at : at + count]
        if not repeated:
            del self.flying[at : at + count]
        for item in arriving:
            if isinstance(item, Delivery):
                self.reader.apply(self.reader.follower.live(item))
            else:
                self.reader.follower.expect(*item)

    @precondition(lambda self: self.flying)
    @rule(at=st.integers(0, 30), count=st.integers(1, 5))
    def lose(self, at: int, count: int) -> None:
        """Some of what flies never arrives."""
        del self.flying[at : at + count]

    @precondition(lambda self: self.reader.follower.unsure)
    @rule()
    def ask(self) -> None:
        """The record is asked; an answer that did not come yet is given up."""
        self.question = self.reader.ask(self.writer)

    @precondition(lambda self: self.zombies)
    @rule(age=st.integers(0, 3))
    def ask_zombie(self, age: int) -> None:
        """The question reaches a writer of an earlier start."""
        self.question = self.reader.ask(self.zombies[-1 - min(age, len(self.zombies) - 1)])

    @precondition(lambda self: self.question)
    @rule()
    def hear_answer(self) -> None:
        """The answer comes, however late."""
        assert self.question is not None
        answer, self.question = self.question, None
        self.reader.apply(self.reader.follower.answered(*answer))

    @invariant()
    def nothing_twice_and_no_hole(self) -> None:
        """What was applied of a numbering is what was published first of it."""
        for journal, places in self.reader.places.items():
            assert places == self.writer.sections[journal][: len(places)]

    @rule()
    def quiet(self) -> None:
        """Once nothing goes wrong any more, a heartbeat and a few answers are enough."""
        self.flying.clear()
        self.question = None
        self.reader.settle(self.writer)
        journal = self.writer.journal
        assert self.reader.places.get(journal, []) == self.writer.sections.get(journal, [])
        if self.writer.ended == self.writer.bar:
            assert self.reader.end == (journal, self.writer.bar)


TestLink = LinkMachine.TestCase
TestLink.settings = settings(max_examples=120, stateful_step_count=40, deadline=None, derandomize=True)
TestLink.__doc__ = "Every run of a link keeps order, applies once, and loses nothing."


def joined() -> tuple[Writer, Reader]:
    """A reader that is sure, two bars in."""
    writer, reader = Writer(), Reader()
    for _ in range(2):
        writer.section()
    reader.settle(writer)
    return writer, reader


def test_a_late_joiner_gets_the_record_then_what_it_held() -> None:
    """Live messages wait until the record has been applied."""
    writer, reader = Writer(), Reader()
    writer.section()
    assert reader.follower.live(writer.section()[0]) == []
    reader.settle(writer)
    assert reader.places == writer.sections


def test_an_answer_older_than_what_is_held_is_asked_again() -> None:
    """A hole between the answer and the held run keeps the follower unsure."""
    writer, reader = Writer(), Reader()
    old = reader.ask(writer)
    writer.section()
    reader.follower.live(writer.section()[0])
    assert reader.follower.answered(*old) == []
    assert reader.follower.unsure


def test_the_loss_of_the_last_message_shows_in_a_heartbeat() -> None:
    """Nothing follows the lost message, and still it is missed."""
    writer, reader = joined()
    writer.section()
    reader.follower.expect(writer.epoch, writer.seq + 1)
    assert (reader.follower.unsure, reader.follower.tally.gaps) == (True, 1)


def test_a_heartbeat_that_says_nothing_new_changes_nothing() -> None:
    """A sure follower stays sure."""
    writer, reader = joined()
    reader.follower.expect(writer.epoch, writer.seq + 1)
    reader.follower.expect(writer.epoch, writer.seq)
    assert not reader.follower.unsure


def test_a_zombie_is_refused_and_counted() -> None:
    """Neither its messages nor its answers are applied."""
    writer, reader = joined()
    zombie, writer = copy.deepcopy(writer), writer.restarted()
    reader.settle(writer)
    assert reader.follower.live(zombie.section()[0]) == []
    assert reader.follower.answered(*reader.ask(zombie)) == []
    assert reader.follower.tally.zombies == 2


def test_a_restart_is_counted_once() -> None:
    """The first epoch heard is no restart, the next one is."""
    writer, reader = joined()
    assert reader.follower.tally.restarted == 0
    reader.settle(writer.restarted())
    assert reader.follower.tally.restarted == 1


def test_more_than_can_be_held_is_taken_from_the_record() -> None:
    """A long wait for the record costs bounded memory and no message."""
    writer, reader = Writer(), Reader()
    for _ in range(MAX_HELD + 10):
        for delivery in writer.section():
            assert reader.follower.live(delivery) == []
    assert len(reader.follower._held) <= MAX_HELD
    reader.settle(writer)
    assert reader.places == writer.sections


def test_a_follower_resumes_where_another_process_left_off() -> None:
    """With journal and place handed in, only what follows is applied."""
    writer, reader = joined()
    reader.follower = Follower(TOPIC, journal=writer.journal, last=Place(2, 1))
    writer.section()
    reader.settle(writer)
    assert reader.places == writer.sections


@pytest.mark.parametrize("kind", [kind for kind in EXAMPLES if kind.kind in ("heartbeat", "alert", "request", "reply")])
def test_what_is_no_part_of_a_stream_is_not_applied(kind: type[Message]) -> None:
    """A small message on a followed topic takes its seq and nothing else."""
    writer, reader = joined()
    stray = Delivery(TOPIC, writer.epoch, writer.seq + 1, 0, EXAMPLES[kind])
    assert reader.follower.live(stray) == []
    assert not reader.follower.unsure


def test_revisions_come_before_and_after_the_end() -> None:
    """It is heard once of its bar; what a slow answer revises after it is applied as well."""
    writer, reader = joined()
    for delivery in [*writer.revision(), *writer.end(), *writer.revision()]:
        reader.apply(reader.follower.live(delivery))
    assert reader.end == (writer.journal, writer.bar)
    assert len(reader.places[writer.journal]) == len(writer.sections[writer.journal])
    assert reader.places == writer.sections
    reader.follower.doubt()
    again = [delivery.message for delivery in reader.follower.answered(*reader.ask(writer))]
    assert [type(message) for message in again] == [Universe]


def test_a_numbering_that_was_replaced_while_held_does_not_come_back() -> None:
    """What was held of an older journal is not applied after the record's newer one."""
    writer, reader = Writer(), Reader()
    flying = writer.section()
    writer.renumbered()
    flying += writer.section()
    for delivery in flying:
        assert reader.follower.live(delivery) == []
    reader.settle(writer)
    assert reader.places == {writer.journal: writer.sections[writer.journal]}


def test_a_numbering_that_began_after_the_answer_is_kept() -> None:
    """What was held of a newer journal than the record answered with is applied after it."""
    writer, reader = Writer(), Reader()
    for delivery in writer.section():
        assert reader.follower.live(delivery) == []
    answer = reader.ask(writer)
    writer.renumbered()
    for delivery in writer.section():
        assert reader.follower.live(delivery) == []
    reader.apply(reader.follower.answered(*answer))
    assert not reader.follower.unsure
    assert reader.places == writer.sections


def test_going_live_after_an_answer_is_no_gap() -> None:
    """The held run reaches further than the answer, and the next live message joins on."""
    writer, reader = Writer(), Reader()
    writer.section()
    answer = reader.ask(writer)
    for delivery in writer.section():
        assert reader.follower.live(delivery) == []
    reader.apply(reader.follower.answered(*answer))
    reader.apply(reader.follower.live(writer.section()[0]))
    assert (reader.follower.unsure, reader.follower.tally.gaps) == (False, 0)
    assert reader.places == writer.sections


def test_a_repeated_message_is_a_duplicate_and_no_gap() -> None:
    """It is counted and dropped; what follows it needs no answer."""
    writer, reader = joined()
    again, newer = writer.section()[0], writer.section()[0]
    reader.apply(reader.follower.live(again) + reader.follower.live(newer))
    before = reader.follower.tally.duplicates
    assert reader.follower.live(again) == []
    reader.apply(reader.follower.live(writer.section()[0]))
    assert (reader.follower.unsure, reader.follower.tally.duplicates - before) == (False, 1)
    assert reader.places == writer.sections


def test_a_resumed_follower_hears_the_universe_in_force() -> None:
    """Symbols published long before its place are told again."""
    writer, reader = joined()
    reader.follower, reader.universe = Follower(TOPIC, journal=writer.journal, last=Place(2, 1)), b""
    reader.settle(writer)
    assert reader.universe == universe(writer.symbols).universe
