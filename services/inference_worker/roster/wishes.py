"""What the aliases of the arms mean, and whether somebody has moved one: cheap, and it never waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alphabus.clock import Clock
from common.config import Config
from common.errors import RegistryError
from common.models.records import ModelRef
from common.models.registry import Registry

LOOK_NS = 50_000_000


@dataclass(frozen=True, slots=True)
class Word:
    """What an alias was made to mean, and in which row of history: the same version again is another word."""

    ref: ModelRef
    number: int


class Wishes:
    """Looks several times a second whether the registry has changed, and only then into it."""

    def __init__(self, config: Config, registry: Registry, clock: Clock) -> None:
        self._config, self._registry, self._clock = config, registry, clock
        self._words: dict[str, Word | None] = dict.fromkeys(config.arms)
        self._seen, self._look_ns = -1, 0

    def begin(self) -> None:
        """What is read from here on is not told as moved."""
        self._seen = self._registry.data_version()

    def read(self, arm: str) -> Word | None:
        """What the arm's alias means now, None when there is no such alias; noted as known."""
        word = self._words[arm] = self._word(arm)
        return word

    def heard(self, arm: str) -> int | None:
        """The number of the row that says what the arm's alias means, as last read; None where there was no alias."""
        word = self._words[arm]
        return None if word is None else word.number

    def moved(self) -> Mapping[str, ModelRef]:
        """What aliases were made to mean since last asked, by arm: also what they meant before."""
        now = self._clock.monotonic_ns()
        if now < self._look_ns:
            return {}
        self._look_ns = now + LOOK_NS
        try:
            version = self._registry.data_version()
            words = self._words if version == self._seen else {arm: self._word(arm) for arm in self._config.arms}
        except RegistryError:  # another process is in the middle of something; asked again in a moment
            return {}
        changed = {arm: word for arm, word in words.items() if word is not None and word != self._words[arm]}
        self._seen = version
        self._words |= changed
        return {arm: word.ref for arm, word in changed.items()}

    def _word(self, arm: str) -> Word | None:
        instance, alias = self._config.instance, self._config.arms[arm].alias
        rows = self._registry.aliases(instance)
        last = self._registry.last_change(instance, alias)
        ref = next((row.ref for row in rows if row.alias == alias), None)
        return None if ref is None else Word(ref, 0 if last is None else last.number)
