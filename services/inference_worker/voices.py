"""The signal topics: one for each arm, and the blend's."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from alphabus.endpoints import Endpoints
from alphabus.messages import EndOfStream, Signals, Streamed, Universe
from common.config import Config, Policy
from services.inference_worker.blend import ARM as BLEND
from services.inference_worker.blend import Blend

Publish = Callable[[str, Streamed], None]


class Voices:
    """Publishes what arms say, each universe before the first section that has it, and the blend of all of them."""

    def __init__(
        self, config: Config, publish: Publish, endpoints: Endpoints, symbols: Callable[[bytes], tuple[str, ...]]
    ) -> None:
        self._publish, self._symbols = publish, symbols
        capital = {name: arm.capital for name, arm in config.arms.items()}
        deadline = config.inference.policy is Policy.DEADLINE
        self._blend = Blend(capital, symbols, deadline=deadline) if config.signals.blend else None
        self._topics = {name: endpoints.topic("signals", name) for name in config.signal_names}
        self._universe: dict[str, bytes] = {}

    @property
    def names(self) -> list[str]:
        """Who speaks: the arms, and the blend if there is one."""
        return list(self._topics)

    @property
    def topics(self) -> list[str]:
        """The topics of all of them."""
        return list(self._topics.values())

    def say(self, signals: Signals, *, overdue: bool = False) -> None:
        """Publish an arm's section, and the blends it completes; `overdue`: well behind its deadline."""
        self._say(signals.arm, signals)
        if self._blend is not None:
            self._say_all(self._blend.add(signals, overdue=overdue))

    def end(self, end: EndOfStream) -> None:
        """Nothing follows on any of them."""
        for topic in self._topics.values():
            self._publish(topic, end)

    def recall(self, signals: Signals) -> None:
        """This was published before the restart."""
        if self._blend is not None:
            self._blend.recall(signals)

    def resume(self) -> None:
        """All is recalled: what a restart kept from being said is said now."""
        if self._blend is not None:
            self._say_all(self._blend.resume())

    def forget(self) -> None:
        """Another journal: its numbers mean other sections."""
        self._universe.clear()
        if self._blend is not None:
            self._blend.forget()

    def _say_all(self, blended: Iterable[Signals]) -> None:
        for signals in blended:
            self._say(BLEND, signals)

    def _say(self, name: str, signals: Signals) -> None:
        if self._universe.get(name) != signals.universe:
            self._universe[name] = signals.universe
            symbols = self._symbols(signals.universe)
            self._publish(self._topics[name], Universe(signals.journal, signals.bar, signals.universe, symbols))
        self._publish(self._topics[name], signals)
