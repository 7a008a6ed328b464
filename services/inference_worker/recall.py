"""What was published last, as the cache has it on record: asked once, at start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from alphabus.inlet import Inlet
from alphabus.messages import Message, Signals
from common.config import Policy
from common.service import Context
from services.inference_worker.blend import ARM as BLEND

PATIENCE_NS = 5_000_000_000
MOST_BARS = 64
"""So far back words are asked for: with revisions and lists of symbols they fit into one answer."""

Told = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about one topic, and what is known of it already, should there be nothing more."""

    name: str
    verb: str = "latest"
    bars: Mapping[str, int] = field(default_factory=dict)
    known: Told = ()


class Recall:
    """Asks the cache for the latest section of every signal topic until it has answered, or sections' times pass.

    Where there is a blend, and it was not said of bars that arms spoke of, their words of these are asked for, too.
    """

    def __init__(self, context: Context, names: Iterable[str]) -> None:
        self._clock = context.bus.clock
        self._cache = Inlet(context.bus, "inference_worker", "signal_cache", [])
        self._questions: dict[int, Question] = {}
        self._latest: dict[str, Told] = {}  # until all have come
        self._blended: Signals | None = None
        for name in names:
            self._ask(Question(name))
        self._waits = context.config.inference.policy is Policy.WAIT
        self._ends_ns, self._log = self._clock.monotonic_ns() + PATIENCE_NS, context.log

    @property
    def pending(self) -> bool:
        """Whether some answer is awaited."""
        return bool(self._questions)

    @property
    def handles(self) -> list[object]:
        """The cache's two ends, as long as an answer is awaited."""
        return self._cache.handles if self.pending else []

    @property
    def state(self) -> str:
        """Of the link to the cache."""
        return self._cache.state

    def keep(self) -> None:
        """Let the link live on; there is nothing more to hear."""
        self._cache.keep()

    def receive(self) -> Iterator[tuple[str, Message]]:
        """What came, by the topic's name, each topic's words in order; a question that was lost is asked again."""
        self._cache.receive()
        for number, question in list(self._questions.items()):
            answer = self._cache.answer(number)
            if answer is not None:
                del self._questions[number]
                yield from self._heard(question, tuple(delivery.message for delivery in answer[1]))
            elif not self._cache.awaits(number):
                del self._questions[number]
                self._ask(question)
        if self.pending and not self._waits and self._clock.monotonic_ns() > self._ends_ns:
            self._log.warning("cache_silent", consequence="starting without a previous signal")
            yield from self._give_up()

    def close(self) -> None:
        """Let go of the cache."""
        self._cache.close()

    def _give_up(self) -> Iterator[tuple[str, Message]]:
        """Go on with what is known."""
        for question in self._questions.values():
            yield from _named(question.name, question.known)
        self._forget_mixed()
        for name, told in self._latest.items():
            yield from _named(name, told)
        self._questions.clear()

    def _heard(self, question: Question, told: Told) -> Iterator[tuple[str, Message]]:
        if question.verb == "history":
            whole = self._blended is not None or _is_whole(told, question.bars["from"])
            yield from _named(question.name, (*told, *question.known) if whole else question.known)
            return
        self._latest[question.name] = told
        if not self.pending:
            yield from self._look_back()

    def _look_back(self) -> Iterator[tuple[str, Message]]:
        """All latest words are there: of those that the blend lacks the ones before are asked for, too."""
        self._forget_mixed()
        self._blended = self._word_of_blend()
        blends = BLEND in self._latest
        for name, told in self._latest.items():
            bars = self._lacking(_word(told)) if blends and name != BLEND else {}
            if bars:
                self._ask(Question(name, "history", bars, told))
            else:
                yield from _named(name, told)
        self._latest.clear()

    def _forget_mixed(self) -> None:
        """Where some arms speak of a new numbering and some do not yet, nobody knows which is in force: begin anew."""
        if len({word.journal for word in map(_word, self._of_arms()) if word is not None}) > 1:
            self._latest.clear()

    def _word_of_blend(self) -> Signals | None:
        """The blend's latest section; one of a journal that the arms have left says nothing."""
        word = _word(self._latest.get(BLEND, ()))
        journals = {other.journal for other in map(_word, self._of_arms()) if other is not None}
        if word is not None and journals and word.journal not in journals:
            self._latest[BLEND] = ()
            return None
        return word

    def _of_arms(self) -> list[Told]:
        return [told for name, told in self._latest.items() if name != BLEND]

    def _lacking(self, last: Signals | None) -> dict[str, int]:
        first = 1 if self._blended is None else self._blended.bar + 1
        if last is None or last.bar < first:
            return {}
        return {"from": max(first, last.bar - MOST_BARS + 1), "to": last.bar}

    def _ask(self, question: Question) -> None:
        arguments: dict[str, int | str | bytes] = {"arm": question.name, **question.bars}
        self._questions[self._cache.request(question.verb, **arguments)] = question


def _named(name: str, told: Told) -> Iterator[tuple[str, Message]]:
    return ((name, message) for message in told)


def _word(told: Told) -> Signals | None:
    """The first section there."""
    return next((message for message in told if isinstance(message, Signals)), None)


def _is_whole(told: Told, bar: int) -> bool:
    """Whether nothing was said before it: a blend of which nothing is on record begins where its arms began.

    One that was turned on later does not go back that far.
    """
    first = _word(told)
    return first is not None and (bar == 1 or first.bar > bar)
