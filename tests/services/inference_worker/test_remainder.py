"""How much is left until a section is due: asked for until it is known, or nobody can say it any more."""

from __future__ import annotations

from typing import Any, cast

import pytest

from alphabus.clock import ManualClock
from alphabus.inlet import Inlet
from alphabus.messages import Announcement, Delivery, Mode, Phase, Reply
from services.inference_worker.board import Board
from services.inference_worker.remainder import Remainder
from tests.services.inference_worker.scene import JOURNAL

DUE = Announcement(JOURNAL, 5, Mode.REPLAY, 500, 499, Phase.DUE, 3, 900)


class Feed:
    """The link to a feed that answers when the test says so."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.lost = False
        self._answer: tuple[Reply, list[Delivery]] | None = None

    def request(self, verb: str) -> int:
        """Take note of a question; returns its number."""
        self.asked.append(verb)
        self.lost = False
        return len(self.asked)

    def answers(self, *said: Announcement) -> None:
        """Say this to the last question."""
        number = len(self.asked)
        deliveries = [Delivery("t", 1, 0, 0, message) for message in said]
        self._answer = Reply(number, len(said)), deliveries

    def answer(self, number: int) -> tuple[Reply, list[Delivery]] | None:
        """What was said to it, once."""
        said, self._answer = self._answer, None
        assert said is None or said[0].id == number
        return said

    def awaits(self, _number: int) -> bool:
        """Whether it may still be answered."""
        return not self.lost


@pytest.fixture
def feed() -> Feed:
    """Nobody asked anything yet."""
    return Feed()


def remainder(feed: Feed, board: Board, clock: ManualClock, stood_still_ns: int = 0) -> Remainder:
    """Of a worker that stood still for so long before it hears something."""
    return Remainder(cast("Inlet", cast("Any", feed)), board, clock, lambda: clock.monotonic_ns() - stood_still_ns)


def open_board(clock: ManualClock) -> Board:
    """A section that was heard of from the record, and is open."""
    board = Board(deadline=True, journal=JOURNAL)
    board.announce(DUE, clock.monotonic_ns(), on_record=True)
    return board


def test_nothing_is_asked_that_nobody_wants(feed: Feed) -> None:
    """Not once for sections that are known, and under `wait` for none."""
    clock = ManualClock()
    known, waits = Board(deadline=True), Board(deadline=False)
    for board in (known, waits):
        it = remainder(feed, board, clock)
        if board is waits:
            it.want()
        it.turn()
    assert feed.asked == []


@pytest.mark.parametrize(("stood_still_ns", "counts_from"), [(0, 300), (200, 100), (900, 0)])
def test_the_answer_counts_from_when_it_was_said(feed: Feed, stood_still_ns: int, counts_from: int) -> None:
    """That is now; if the worker stood still, when it began to, but never before it asked."""
    clock = ManualClock()
    board = open_board(clock)
    it, asked_ns = remainder(feed, board, clock, stood_still_ns), clock.monotonic_ns()
    it.want()
    it.turn()
    clock.advance(300)
    feed.answers(Announcement(JOURNAL, 5, Mode.REPLAY, 500, 499, Phase.DUE, 3, 40))
    it.turn()
    assert (board.sections[5].due_ns, feed.asked) == (asked_ns + counts_from + 40, ["due"])


@pytest.mark.parametrize(("closed", "asked"), [(False, ["due", "due"]), (True, ["due"])])
def test_a_lost_answer(feed: Feed, *, closed: bool, asked: list[str]) -> None:
    """The feed is asked again as long as the section is open; of one that closed since nobody can say it any more."""
    clock = ManualClock()
    board = open_board(clock)
    it = remainder(feed, board, clock)
    it.want()
    it.turn()
    if closed:
        board.announce(
            Announcement(JOURNAL, 5, Mode.REPLAY, 500, 499, Phase.CLOSED, 3, coverage=1.0), 9, on_record=True
        )
    feed.lost = True
    for _ in range(3):
        it.turn()
    assert feed.asked == asked
    assert board.sections[5].passed is closed
