"""The factor topics the worker follows: one for every plan that some model needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from alphabus.clock import Clock
from alphabus.continuity import Follower, Place
from alphabus.endpoints import Endpoints
from alphabus.inlet import Inlet
from alphabus.messages import Delivery, Factors, Mode, Universe
from alphabus.universes import Universes
from services.inference_worker.board import Board
from services.inference_worker.station import Station


class FactorLinks:
    """Follows plans as models come and go; files their sections, and keeps the newest of each."""

    def __init__(
        self, inlet: Inlet, endpoints: Endpoints, board: Board, in_use: Callable[[], Iterable[bytes]] = tuple
    ) -> None:
        """`in_use`: digests of lists of symbols that must not be forgotten, however old they are."""
        self._inlet, self._endpoints, self._board = inlet, endpoints, board
        self._topics: dict[bytes, str] = {}
        self._wanted: Sequence[tuple[bytes, str]] = ()
        self._universes, self._in_use = Universes(), in_use
        self.newest: dict[bytes, Factors] = {}

    @property
    def handles(self) -> list[object]:
        """The engine's two ends."""
        return self._inlet.handles

    @property
    def state(self) -> str:
        """Of the link to the engine."""
        return self._inlet.state

    def follow(self, wanted: Sequence[tuple[bytes, str]], done: int) -> None:
        """Follow these plans, by digest and topic, and no others; a new one from the section after `done`.

        Two sets of other names may be one plan: the topic that is followed already is as good as any.
        """
        if wanted == self._wanted:
            return
        self._wanted = wanted
        topics: dict[bytes, str] = {}
        for plan, part in wanted:
            topic = self._endpoints.topic("factors", part)
            if plan not in topics or topic == self._topics.get(plan):
                topics[plan] = topic
        self._drop({plan: topic for plan, topic in self._topics.items() if topics.get(plan) != topic}, topics)
        for topic in topics.values():
            self._inlet.follow(topic, Follower(topic, self._board.journal, Place(done, 1)) if done else None)
        self._topics = topics

    def resume(self, journal: bytes, bar: int) -> None:
        """Go on after a section."""
        for topic in self._topics.values():
            self._inlet.resume(topic, Follower(topic, journal, Place(bar, 1)))

    def receive(self, clock: Clock) -> None:
        """File what came."""
        for delivery in self._inlet.receive():
            message = delivery.message
            if isinstance(message, Universe):
                self.learn(message)
            elif isinstance(message, Factors) and message.mode is not Mode.HISTORY and message.plan in self._topics:
                self._file(message, delivery, clock)

    def learn(self, universe: Universe) -> None:
        """Remember a list of symbols by its digest; what is in use is as good as new, and outlives it."""
        for digest in filter(self._universes.__contains__, self._in_use()):
            self._universes.symbols(digest)
        self._universes.learn(universe)

    def symbols_of(self, digest: bytes) -> tuple[str, ...]:
        """The symbols a digest stands for; raises UniverseError when it was never told."""
        return self._universes.symbols(digest)

    def is_behind(self, station: Station) -> bool:
        """Whether factors of the plan an arm is served with are known to be missing on the link."""
        return self._inlet.is_behind(self._topics.get(station.serving.plan, ""))

    def acknowledge(self, journal: bytes, bar: int) -> None:
        """Tell the engine, for every plan, what will not be asked for again."""
        for topic in self._topics.values():
            self._inlet.acknowledge(topic, journal, bar)

    def repeat(self) -> None:
        """Acknowledge again now and then."""
        self._inlet.repeat()

    def close(self) -> None:
        """Let go of the engine."""
        self._inlet.close()

    def _drop(self, gone: Mapping[bytes, str], kept: Mapping[bytes, str]) -> None:
        for plan, topic in gone.items():
            self._inlet.unfollow(topic)
            if plan not in kept:
                self.newest.pop(plan, None)
                self._board.forget(plan)

    def _file(self, factors: Factors, delivery: Delivery, clock: Clock) -> None:
        waited = max(clock.wall_ns() - delivery.sent, 0)
        filed = replace(factors, latency={**factors.latency, "engine_to_worker": waited})
        self.newest[factors.plan] = filed
        self._board.fill(filed, clock.monotonic_ns())
