"""How much is left until a section is due of which it is not known when it was announced: the feed is asked."""

from __future__ import annotations

from collections.abc import Callable

from alphabus.clock import Clock
from alphabus.inlet import Inlet
from alphabus.messages import Announcement
from services.inference_worker.board import Board


class Remainder:
    """Asks the feed, one question at a time; what closes unanswered, of that nobody knows when it was due."""

    def __init__(self, feed: Inlet, board: Board, clock: Clock, said_ns: Callable[[], int]) -> None:
        """`said_ns`: when what was heard just now was said at the earliest."""
        self._feed, self._board, self._clock, self._said_ns = feed, board, clock, said_ns
        self._question: int | None = None
        self._asked_ns, self._wanted = 0, False

    def want(self) -> None:
        """Such a section was heard of."""
        self._wanted = self._board.deadline

    def turn(self) -> None:
        """Take the answer, and ask what is still to be asked; to be called once the feed's messages were received."""
        if self._question is not None:
            self._hear(self._question)
        if self._wanted and self._question is None:
            self._asked_ns = self._clock.monotonic_ns()
            self._question, self._wanted = self._feed.request("due"), False

    def _hear(self, question: int) -> None:
        if (answer := self._feed.answer(question)) is not None:
            for delivery in answer[1]:
                if isinstance(delivery.message, Announcement):
                    self._board.correct(delivery.message, max(self._asked_ns, self._said_ns()))
        if answer is not None:
            self._question = None
        elif not self._feed.awaits(question):  # it was lost: what is still open is worth another question
            self._question, self._wanted = None, self._wanted or self._board.wonders
