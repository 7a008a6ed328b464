"""Which model each arm serves: the alias is the wish, what served last is the fallback, rows are the fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from alphabus.clock import Clock
from alphabus.messages import Model, Signals
from common.config import Config
from common.errors import ModelError, RegistryError
from common.models.records import ModelRef, Serving
from common.models.registry import Registry


@dataclass(frozen=True, slots=True)
class Post:
    """A verified bundle on duty: where it lies, what it wants, how it is named on the wire."""

    model: Model
    folder: Path
    features: tuple[str, ...]
    factor_set: str
    plan: str

    @property
    def factor_topic(self) -> str:
        """The last part of the topic that carries this plan's factors."""
        return f"{self.factor_set}.{self.plan[:8]}"


class Roster:
    """Reads aliases once at start, and appends what serves."""

    def __init__(self, config: Config, clock: Clock, log: FilteringBoundLogger) -> None:
        self._config, self._log = config, log
        self._registry = Registry(config.registry, clock=clock.wall_ns)
        # The loop waits for no other writer: what cannot be recorded now is recorded with the next section.
        self._recorder = Registry(config.registry, clock=clock.wall_ns, timeout_s=0.0)
        self._recorded: dict[str, tuple[bytes, Model]] = {}

    def posts(self) -> Mapping[str, Post]:
        """The model of every arm; raises ModelError that says how to put one on record."""
        posts = {name: self._post(name) for name in self._config.arms}
        first = next(iter(posts))
        for name, post in posts.items():
            if post.plan != posts[first].plan:
                raise ModelError(
                    f"arm {name}: {post.model.name}/{post.model.version} wants plan {post.plan[:8]}, arm {first} wants "
                    f"{posts[first].plan[:8]}: the factor engine computes one; train both on the same factors"
                )
        return posts

    def record(self, signals: Signals) -> None:
        """Append a serving row when another model than before speaks for an arm."""
        fact = (signals.journal, signals.model)
        if self._recorded.get(signals.arm) == fact:
            return
        try:
            self._recorder.record_serving(_serving(self._config.instance, signals))
        except RegistryError as error:  # tried again with the next section; the signal does not wait
            self._log.warning("serving_not_recorded", arm=signals.arm, bar=signals.bar, error=str(error))
            return
        self._recorded[signals.arm] = fact

    def close(self) -> None:
        """Close the registry."""
        self._registry.close()
        self._recorder.close()

    def _post(self, arm: str) -> Post:
        ref = self._wanted(arm)
        bundle = self._registry.load(ref)
        factors = bundle.manifest.factor_set
        if factors.name != self._config.factors.name:
            raise ModelError(
                f"arm {arm}: {ref} wants factor set {factors.name!r}, the factor engine computes "
                f"{self._config.factors.name!r}: set factors.set, or promote another model"
            )
        self._log.info("model", arm=arm, name=ref.name, version=ref.version, digest=ref.digest)
        model = Model(ref.name, ref.version, ref.digest)
        return Post(model, self._registry.folder(ref), bundle.manifest.features, factors.name, factors.plan)

    def _wanted(self, arm: str) -> ModelRef:
        instance, alias = self._config.instance, self._config.arms[arm].alias
        try:
            return self._registry.resolve(instance, alias)
        except RegistryError as error:
            last = self._registry.last_served(instance, arm)
            if last is None:
                raise ModelError(
                    f"{error}; put one on record: python -m scripts.models promote --instance {instance} ..."
                ) from error
            self._log.warning("alias_missing", arm=arm, alias=alias, serving=f"{last.name}/{last.version}")
            return self._registry.version(last.name, last.version).ref


def _serving(instance: str, signals: Signals) -> Serving:
    return Serving(
        instance, signals.journal, signals.mode.value, signals.arm, signals.bar, signals.time,
        signals.model.name, signals.model.version,
    )  # fmt: skip
