"""Requests under way to one writer, and what was answered (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from alphabus.appetite import ASK_AGAIN_NS, Appetite
from alphabus.continuity import Follower
from alphabus.messages import Delivery, Reply

MAX_LATE = 64  # questions that were given up, and may be answered yet: on a thin cable an answer takes its time
MAX_UNREAD = 64  # answers nobody fetched: whoever asked found what it wanted elsewhere


@dataclass(slots=True)
class Question:
    """A request under way; `follower` is set when it asks for a replay."""

    follower: Follower | None
    asked_ns: int
    paused: bool = False  # it was refused, and is asked again once patience has ended
    reply: Reply | None = None
    epoch: int = -1
    deliveries: list[Delivery] = field(default_factory=list)
    size: int = 0  # bytes of what came so far

    @property
    def is_replay(self) -> bool:
        """Whether a part of the record is on its way."""
        return self.follower is not None and not self.paused


class Questions:
    """Finds the question of each answer; gives up what was lost on the way, so that it is asked again.

    Of a replay that was only late the answer is as good as that to the next question: where each comes later than
    patience lasts, nobody would ever be answered otherwise, however often the record is sent.

    An answer stands between two equal replies; what a queue lost of either, or between, is asked again.
    """

    def __init__(self, now_ns: int) -> None:
        self.appetite = Appetite()
        self._open: dict[int, Question] = {}
        self._late: dict[int, Question] = {}
        self._answering: Question | None = None
        self._stalled = False  # the answer began, and does not go on
        self._answers: dict[int, Question] = {}
        self._last_id, self._answered_ns = 0, now_ns

    def add(self, follower: Follower | None, now_ns: int) -> int:
        """Take note of a new one; returns its number."""
        self._last_id += 1
        self._open[self._last_id] = Question(follower, now_ns)
        return self._last_id

    def read(self, delivery: Delivery, now_ns: int, size: int = 0) -> tuple[Question, Reply] | None:
        """Take in what came, of so many bytes; the question whose answer it completes, and its reply."""
        message = delivery.message
        self._answered_ns, self._stalled = now_ns, False
        if not isinstance(message, Reply):
            if self._answering is not None:
                self._answering.deliveries.append(delivery)
                self._answering.size += size
            return None
        opened, self._answering = self._answering, None
        if opened is not None and opened.reply == message:
            return self._completed(opened, message, now_ns)
        return self._opened(message, delivery.epoch, now_ns)

    def keep(self, question: Question, reply: Reply) -> None:
        """Until somebody fetches the answer; of those nobody does the oldest are dropped."""
        self._answers[reply.id] = question
        while len(self._answers) > MAX_UNREAD:
            del self._answers[next(iter(self._answers))]

    def pause(self, question: Question, reply: Reply, now_ns: int) -> None:
        """It was refused: asked again once patience ends, not at once."""
        self._open[reply.id] = Question(question.follower, now_ns, paused=True)

    def fetch(self, number: int) -> tuple[Reply, list[Delivery]] | None:
        """An answer that was kept."""
        found = self._answers.pop(number, None)
        if found is None or found.reply is None:
            return None
        return found.reply, found.deliveries

    def awaits(self, number: int) -> bool:
        """Whether it may still be answered; False once patience has ended."""
        reply = None if self._answering is None else self._answering.reply
        return number in self._open or (reply is not None and reply.id == number and not self._stalled)

    def asked_for(self) -> set[int]:
        """The followers (by identity) a question is under way for."""
        return {id(question.follower) for question in self._pending()}

    def give_up(self, now_ns: int) -> None:
        """Drop what had no answer in time; as long as answers flow, those behind them are only late."""
        given_up = {number: question for number, question in self._open.items() if self._is_in_vain(question, now_ns)}
        self._open = {number: question for number, question in self._open.items() if number not in given_up}
        replays = {number: question for number, question in given_up.items() if question.is_replay}
        if self._has_stalled(now_ns) or replays:
            self.appetite.starved()
        self._remember(replays)

    def _has_stalled(self, now_ns: int) -> bool:
        """Whether an answer that began goes on no more; of a replay, and told once."""
        if self._answering is None or self._stalled:
            return False
        self._stalled = self._is_silent(self._answering, now_ns)
        return self._stalled and self._answering.is_replay

    def _is_in_vain(self, question: Question, now_ns: int) -> bool:
        """Whether it was asked long ago, and nothing is heard any more, unless the answer was to wait."""
        waited = question.asked_ns <= now_ns - self._patience(question)
        return waited and (question.paused or self._is_silent(question, now_ns))

    def _is_silent(self, question: Question, now_ns: int) -> bool:
        """Whether nothing at all was answered for as long as this question may take."""
        return self._answered_ns <= now_ns - self._patience(question)

    def _patience(self, question: Question) -> int:
        """A record may take what the link needs; whoever asked anything else has a patience of its own."""
        return self.appetite.patience_ns if question.is_replay else ASK_AGAIN_NS

    def _remember(self, replays: Mapping[int, Question]) -> None:
        self._late |= replays
        while len(self._late) > MAX_LATE:
            del self._late[next(iter(self._late))]

    def _completed(self, question: Question, reply: Reply, now_ns: int) -> tuple[Question, Reply] | None:
        """Where a queue lost some of it there is none; whoever has one needs no other."""
        if len(question.deliveries) != reply.count:
            return None
        if question.follower is not None:
            self._open = _without(self._open, question.follower)
            self._late = _without(self._late, question.follower)
            self.appetite.fed(now_ns - question.asked_ns, question.size)
        return question, reply

    def _opened(self, reply: Reply, epoch: int, now_ns: int) -> tuple[Question, Reply] | None:
        question = self._open.pop(reply.id, None) or self._late.pop(reply.id, None)
        self._forget_lost(reply.id)
        if question is None:
            return None
        question.reply, question.epoch = reply, epoch
        if reply.count == 0:
            return self._completed(question, reply, now_ns)
        self._answering = question
        return None

    def _forget_lost(self, answered: int) -> None:
        """Answers come in the order of the questions: an older question that is still open was lost."""
        self._open = {k: question for k, question in self._open.items() if k > answered or question.paused}
        self._late = {k: question for k, question in self._late.items() if k > answered}

    def _pending(self) -> Iterable[Question]:
        if self._answering is not None and not self._stalled:
            yield self._answering
        yield from self._open.values()


def _without(questions: Mapping[int, Question], follower: Follower) -> dict[int, Question]:
    return {number: question for number, question in questions.items() if question.follower is not follower}
