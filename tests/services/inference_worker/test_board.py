"""Open sections, as announcements and factors fill them in, in whatever order the two links bring them."""

from __future__ import annotations

import pytest

from alphabus.messages import Announcement, Mode, Phase
from alphabus.testing import day_ns
from services.inference_worker.board import Board
from tests.services.inference_worker.scene import JOURNAL, PLAN, make_factors

OTHER = b"o" * 16
SECOND = b"s" * 32


def due(bar: int, due_in: int = 0, journal: bytes = JOURNAL) -> Announcement:
    """A section is due."""
    return Announcement(journal, bar, Mode.REPLAY, day_ns(bar), day_ns(bar) - 1, Phase.DUE, 3, due_in)


def closed(bar: int, coverage: float = 1.0) -> Announcement:
    """A section is closed."""
    return Announcement(JOURNAL, bar, Mode.REPLAY, day_ns(bar), day_ns(bar) - 1, Phase.CLOSED, 3, coverage=coverage)


def board(*, deadline: bool = False) -> Board:
    """An empty board of the journal."""
    return Board(deadline=deadline, journal=JOURNAL)


def missed(board: Board, plan: bytes = PLAN) -> list[int]:
    """The sections nothing comes of, for arms of a plan."""
    return [bar for bar, section in board.sections.items() if section.missed(plan)]


def test_due_then_closed_then_factors() -> None:
    """The usual order: what each tells stands in one section."""
    it = board()
    section = it.announce(due(5, 40), 1000, on_record=False)
    assert (section.due_ns, section.coverage, section.factors) == (1040, None, {})
    assert it.announce(closed(5, 0.75), 1050, on_record=False) is section
    assert (section.due_ns, section.coverage) == (1040, 0.75)
    factors = make_factors(5, coverage=0.75)
    it.fill(factors, 1060)
    assert (section.factors, section.filled_ns) == ({PLAN: factors}, {PLAN: 1060})


def test_factors_that_overtake_their_announcement() -> None:
    """They come on another link; they wait for it."""
    it = board()
    factors = make_factors(5)
    it.fill(factors, 900)
    assert it.announce(due(5), 1000, on_record=False).factors[PLAN] is factors


def test_factors_of_another_journal_wait_for_theirs() -> None:
    """The same number of another numbering is another section."""
    it = board()
    section = it.announce(due(5), 0, on_record=False)
    factors = make_factors(5, journal=OTHER)
    it.fill(factors, 1)
    assert section.factors == {}
    it.restart(OTHER)
    assert it.sections == {}
    assert it.announce(due(5, journal=OTHER), 2, on_record=False).factors[PLAN] is factors


def test_another_journal_begins_anew() -> None:
    """That factors of a higher number came in the old one says nothing of the new one."""
    it = board()
    it.fill(make_factors(9), 0)
    it.restart(OTHER)
    it.announce(due(1, journal=OTHER), 1, on_record=False)
    assert missed(it) == []


@pytest.mark.parametrize("early", [True, False])
def test_factors_come_in_order(early: bool) -> None:  # noqa: FBT001  a table of two
    """An older section without any gets none, also when it is announced only afterwards."""
    it = board()
    if early:
        it.fill(make_factors(6), 0)
    for bar in (5, 6, 7):
        it.announce(due(bar), 1, on_record=False)
    if not early:
        it.fill(make_factors(6), 2)
    assert missed(it) == [5]


def test_each_plan_comes_in_order_of_its_own() -> None:
    """Newer factors of one plan say nothing of another, which comes on another link."""
    it = board()
    for bar in (5, 6, 7):
        it.announce(due(bar), 1, on_record=False)
    first, second = make_factors(6), make_factors(5, plan=SECOND)
    it.fill(first, 2)
    it.fill(second, 3)
    assert (it.sections[6].factors, it.sections[5].factors) == ({PLAN: first}, {SECOND: second})
    assert (missed(it), missed(it, SECOND)) == ([5], [])
    it.fill(make_factors(7, plan=SECOND), 4)
    assert (missed(it), missed(it, SECOND)) == ([5], [6])


def test_factors_of_two_plans_that_overtake_their_announcement() -> None:
    """Both are kept."""
    it = board()
    for plan in (PLAN, SECOND):
        it.fill(make_factors(5, plan=plan), 0)
    assert set(it.announce(due(5), 1, on_record=False).factors) == {PLAN, SECOND}


def test_sections_that_passed_while_nobody_watched() -> None:
    """Under a deadline what the record has closed is too late, but for the newest, which is still open."""
    it = board(deadline=True)
    for message in (due(5), closed(5), due(6), closed(6), due(7)):
        it.announce(message, 0, on_record=True)
    assert missed(it) == [5, 6]
    it.announce(due(8), 1, on_record=False)
    assert missed(it) == [5, 6]


@pytest.mark.parametrize(
    ("heard", "passed"), [({}, []), ({"on_record": True}, [5]), ({"early": True}, [5])], ids=["now", "record", "stop"]
)
def test_what_may_have_closed_long_ago(heard: dict[str, bool], passed: list[int]) -> None:
    """Nobody can tell whether it is in time, though nothing follows it and the feed's answer may be lost."""
    it = board(deadline=True)
    it.announce(due(5, 900), 0, on_record=True)
    assert missed(it) == []
    it.announce(closed(5), 300, **{"on_record": False} | heard)
    assert missed(it) == passed


def test_factors_that_overtake_the_end_of_their_section() -> None:
    """They come on another link; a section that has any is closed."""
    it = board(deadline=True)
    it.announce(due(5, 900), 0, on_record=True)
    it.fill(make_factors(5), 100)
    assert missed(it) == [5]


def test_the_feed_says_when_it_is_due() -> None:
    """From then on it is a section as any."""
    it = board(deadline=True)
    section = it.announce(due(5, 900), 0, on_record=True)
    it.correct(due(5, 40), 300)
    it.announce(closed(5), 350, on_record=True)
    assert (section.due_ns, missed(it)) == (340, [])


def test_a_hole_in_the_link_costs_nothing_that_was_known() -> None:
    """A section that was announced in time stays in time when a hole in the link is filled."""
    it = board(deadline=True)
    it.announce(due(5), 0, on_record=False)
    for message in (due(5), closed(5), due(6), closed(6), due(7)):
        it.announce(message, 1, on_record=True)
    assert missed(it) == [6]


@pytest.mark.parametrize(
    ("heard", "wonders"),
    [({}, False), ({"on_record": True}, True), ({"early": True}, True), ({"on_record": True, "early": True}, True)],
)
def test_what_is_worth_a_question(heard: dict[str, bool], wonders: bool) -> None:  # noqa: FBT001  a table of four
    """As long as a section is open, and not known when it is due."""
    it = board(deadline=True)
    it.announce(due(5, 900), 0, **{"on_record": False} | heard)
    assert it.wonders is wonders
    it.correct(due(5, 40), 10)
    assert not it.wonders
    it.announce(due(6, 900), 0, on_record=True)
    it.announce(closed(6), 20, on_record=True)
    assert not it.wonders


def test_under_wait_nothing_passes() -> None:
    """A section waits however long it was on record."""
    it = board()
    for message in (due(5), closed(5), due(6), closed(6)):
        it.announce(message, 0, on_record=True)
    assert missed(it) == []


def test_a_section_is_due_before_the_next_is_announced() -> None:
    """The record does not say how long ago it promised a time; the next live announcement bounds it."""
    it = board(deadline=True)
    section = it.announce(due(5, 900), 0, on_record=True)
    it.announce(due(6, 100), 300, on_record=False)
    assert section.due_ns == 300


def test_what_was_announced_live_is_due_when_it_was_said() -> None:
    """Neither its end nor what follows moves that, as long as the next is not due before it."""
    it = board(deadline=True)
    section = it.announce(due(5, 900), 0, on_record=False)
    it.announce(closed(5), 300, on_record=False)
    it.correct(due(5, 10), 300)
    it.announce(due(6, 700), 300, on_record=False)
    assert section.due_ns == 900


@pytest.mark.parametrize("on_record", [True, False])
def test_what_is_closed_is_due(on_record: bool) -> None:  # noqa: FBT001  a table of two
    """Of a section from the record that is the latest moment, however its end is heard of."""
    it = board(deadline=True)
    section = it.announce(due(5, 900), 100, on_record=True)
    it.announce(closed(5), 300, on_record=on_record)
    assert section.due_ns == 300


@pytest.mark.parametrize(
    ("said", "due_ns"), [(due(5, 40), 340), (due(5, 2000), 1000), (due(6, 40), 300), (due(4), 1000)]
)
def test_the_feed_knows_what_is_left(said: Announcement, due_ns: int) -> None:
    """It can only bring forward what the record promised; once it says another is next, this one is due."""
    it = board(deadline=True)
    section = it.announce(due(5, 900), 100, on_record=True)
    it.correct(said, 300)
    assert section.due_ns == due_ns


def test_the_feed_of_another_numbering_says_nothing() -> None:
    """Its sections are others."""
    it = board(deadline=True)
    section = it.announce(due(5, 900), 100, on_record=True)
    it.correct(due(5, 40, journal=OTHER), 300)
    assert section.due_ns == 1000


def test_what_is_done_is_forgotten() -> None:
    """Sections and early factors alike: memory stays flat."""
    it = board()
    for bar in (5, 6, 7):
        it.announce(due(bar), 0, on_record=False)
    for bar in (4, 6, 8):
        it.fill(make_factors(bar), 0)
    it.drop_up_to(6)
    assert list(it.sections) == [7]
    assert list(it._early) == [(8, PLAN)]


def test_what_may_have_been_said_long_ago() -> None:
    """It counts from then on, until the feed says when it is due: that may be later, and is what holds."""
    it = board(deadline=True)
    section = it.announce(due(5, 900), 100, on_record=False, early=True)
    assert section.due_ns == 1000
    it.announce(closed(5), 5000, on_record=False, early=True)
    assert section.due_ns == 1000
    it.correct(due(6, 40), 5000)
    assert section.due_ns == 1000
    it.correct(due(5, 40), 5000)
    assert section.due_ns == 5040
