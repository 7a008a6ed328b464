"""What was published last, as the cache has it on record: asked once, at start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alphabus.inlet import Inlet
from alphabus.messages import Message
from common.service import Context

PATIENCE_NS = 5_000_000_000


class Recall:
    """Asks the cache for the latest section of every signal topic until it has answered."""

    def __init__(self, context: Context, names: Iterable[str]) -> None:
        self._clock = context.bus.clock
        self._cache = Inlet(context.bus, "inference_worker", "signal_cache", [])
        self._questions = {self._cache.request("latest", arm=name): name for name in names}
        self._ends_ns = self._clock.monotonic_ns() + PATIENCE_NS

    @property
    def pending(self) -> bool:
        """Whether some answer is awaited."""
        return bool(self._questions)

    @property
    def is_silent(self) -> bool:
        """Whether patience has ended."""
        return self._clock.monotonic_ns() > self._ends_ns

    @property
    def handles(self) -> list[object]:
        """The cache's two ends."""
        return self._cache.handles

    def read(self) -> None:
        """Let the link live on; there is nothing more to hear."""
        self._cache.receive()

    def receive(self) -> Iterator[tuple[str, Message]]:
        """What came, by the topic's name; a question that was lost is asked again."""
        self._cache.receive()
        for question, name in list(self._questions.items()):
            answer = self._cache.answer(question)
            if answer is not None:
                del self._questions[question]
                yield from ((name, delivery.message) for delivery in answer[1])
            elif not self._cache.awaits(question):
                del self._questions[question]
                self._questions[self._cache.request("latest", arm=name)] = name

    def give_up(self) -> None:
        """Go on without."""
        self._questions.clear()

    def close(self) -> None:
        """Let go of the cache."""
        self._cache.close()
