"""Which answer is taken for which question, on links that are slow, and on links that lose something."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from alphabus.appetite import ASK_AGAIN_NS, FIRST_BYTES, GROWTH, MAX_PATIENCE_NS
from alphabus.continuity import Follower
from alphabus.messages import Delivery, EndOfStream, Message, Mode, Reply
from alphabus.questions import MAX_LATE, Questions

MS = 1_000_000
SECTION = EndOfStream(b"j" * 16, 7, Mode.LIVE)


@dataclass(slots=True)
class Link:
    """A reader that asks its writer again as soon as it has given a question up; which answers it took, and when."""

    questions: Questions = field(default_factory=lambda: Questions(0))
    follower: Follower = field(default_factory=lambda: Follower("t"))
    asked: list[int] = field(default_factory=list)
    taken: list[tuple[int, int]] = field(default_factory=list)

    def ask(self, now_ns: int) -> None:
        """Unless an answer is still awaited."""
        self.questions.give_up(now_ns)
        if id(self.follower) not in self.questions.asked_for():
            self.asked.append(self.questions.add(self.follower, now_ns))

    def hear(self, message: Message, now_ns: int) -> None:
        """One message of an answer."""
        answered = self.questions.read(Delivery("t", 1, 0, 0, message), now_ns)
        if answered is not None:
            assert answered[0].follower is self.follower
            assert [each.message for each in answered[0].deliveries] == [SECTION] * answered[1].count
            self.taken.append((answered[1].id, now_ns))


def answer(number: int, sections: int = 2) -> list[Message]:
    """As the writer sends it."""
    return answer_of(Reply(number, sections))


def answer_of(reply: Reply) -> list[Message]:
    """The reply, and between it and itself what it announces."""
    return [reply, *[SECTION] * reply.count, reply] if reply.count else [reply]


@pytest.mark.parametrize("sections", [0, 2])
@pytest.mark.parametrize("late_ms", [10, 1500, 5000, 20_000])
def test_an_answer_that_is_late_is_an_answer(late_ms: int, sections: int) -> None:
    """However slow the link is, the first question is answered when its answer is there; later ones are not needed."""
    link = Link()
    for now_ms in range(0, late_ms, 10):
        link.ask(now_ms * MS)
    for number in link.asked:
        for message in answer(number, sections):
            link.hear(message, late_ms * MS)
    assert link.taken == [(1, late_ms * MS)]


def test_an_answer_that_comes_piece_by_piece_is_an_answer() -> None:
    """Also when more than patience passes from piece to piece: nothing of it was lost."""
    link, now = Link(), 0
    for message in answer(1, 5):
        for _ in range(300):
            link.ask(now)
            now += 10 * MS
        link.hear(message, now)
    assert link.taken == [(1, now)]


def test_what_was_cut_off_is_asked_again() -> None:
    """A connection that broke brings the rest of an answer no more; the next one is taken whole."""
    link = Link()
    link.ask(0)
    for message in answer(1)[:2]:
        link.hear(message, 0)
    link.ask(ASK_AGAIN_NS)
    for message in answer(2):
        link.hear(message, ASK_AGAIN_NS)
    assert (link.asked, link.taken) == ([1, 2], [(2, ASK_AGAIN_NS)])


def test_an_answer_with_a_hole_is_none() -> None:
    """A full queue lost a section of it, of a late one as of any."""
    link = Link()
    for now_ms in (0, 1000):
        link.ask(now_ms * MS)
    reply, section, _, end = answer(1)
    for message in (reply, section, end):
        link.hear(message, 1500 * MS)
    assert link.taken == []
    for message in answer(2):
        link.hear(message, 1600 * MS)
    assert link.taken == [(2, 1600 * MS)]


def test_an_older_question_than_was_answered_was_lost() -> None:
    """Answers come in the order of the questions: what claims to be one of it later is none."""
    link = Link()
    for now_ms in (0, 1000):
        link.ask(now_ms * MS)
    for number in (2, 1):
        for message in answer(number):
            link.hear(message, 1500 * MS)
    assert link.taken == [(2, 1500 * MS)]


def test_a_writer_that_is_away_for_long_costs_no_memory() -> None:
    """Only the last questions are kept; whoever wants no replay asks anew, and hears of the old one no more."""
    link = Link()
    number = link.questions.add(None, 0)
    for now_s in range(10 * MAX_LATE):
        link.ask(now_s * ASK_AGAIN_NS)
    assert not link.questions.awaits(number)
    assert len(link.questions._late) == MAX_LATE
    assert len(link.questions._open) == 1


def test_a_writer_that_says_nothing_is_asked_less_and_less_often() -> None:
    """After one, two and four seconds, then each four; who is answered at last is impatient again."""
    link = Link()
    counts = [0]
    for now_s in range(20):
        link.ask(now_s * ASK_AGAIN_NS)
        counts.append(len(link.asked))
    times = [now_s for now_s, (before, after) in enumerate(pairwise(counts)) if after > before]
    assert times == [0, 1, 3, 7, 11, 15, 19]
    assert link.questions.appetite.patience_ns == MAX_PATIENCE_NS
    for message in answer(link.asked[-1]):
        link.hear(message, 19 * ASK_AGAIN_NS)
    assert link.questions.appetite.patience_ns == ASK_AGAIN_NS


def test_an_answer_that_stops_halfway_counts_as_none() -> None:
    """A page that the link did not carry to its end: the next one is small, however long the link stays silent."""
    link = Link()
    link.questions.appetite.page_bytes = 100 * FIRST_BYTES
    link.ask(0)
    for message in answer(1)[:2]:
        link.hear(message, 0)
    for now_ms in range(0, 2500, 100):
        link.questions.give_up(now_ms * MS)
    assert (link.questions.appetite.page_bytes, link.questions.appetite.patience_ns) == (FIRST_BYTES, 2 * ASK_AGAIN_NS)


def test_whoever_asks_anything_else_waits_a_second() -> None:
    """However slow the record is on its way: who wants a section now asks elsewhere, or again."""
    questions = Questions(0)
    questions.appetite.starved()
    number = questions.add(None, 0)
    questions.give_up(ASK_AGAIN_NS - 1)
    assert questions.awaits(number)
    questions.give_up(ASK_AGAIN_NS)
    assert not questions.awaits(number)


@pytest.mark.parametrize(
    ("count", "size", "error", "page_bytes"),
    [
        (2, FIRST_BYTES // 2, None, GROWTH * FIRST_BYTES),
        (2, FIRST_BYTES // 2 - 1, None, FIRST_BYTES),
        (256, 100, None, FIRST_BYTES),
        (0, 0, "the record begins with bar 7", FIRST_BYTES),
    ],
    ids=["full", "not full", "of many small ones", "refused"],
)
def test_a_full_page_makes_the_next_one_larger(count: int, size: int, error: str | None, page_bytes: int) -> None:
    """Full is what holds the bytes that were asked for; how many messages they are tells nothing."""
    questions = Questions(0)
    reply = Reply(questions.add(Follower("t"), 0), count, error)
    for message in answer_of(reply):
        answered = questions.read(Delivery("t", 1, 0, 0, message), 0, size if message is SECTION else 50)
    assert answered is not None
    assert questions.appetite.page_bytes == page_bytes
