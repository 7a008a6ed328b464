"""Which model each arm serves: the alias is the wish, what served last is the fallback, rows are the fact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass

from structlog.typing import FilteringBoundLogger

from alphabus.clock import Clock
from common.config import Config
from common.errors import ConfigError, ModelError, RegistryError
from common.models.bundle import Bundle
from common.models.records import Action, Change, Event, ModelRef
from common.models.registry import Registry
from common.models.signature import load_key
from common.nearest import did_you_mean
from services.inference_worker.actions import Swap, Told
from services.inference_worker.ledger import Ledger
from services.inference_worker.post import Post
from services.inference_worker.wishes import Wishes

WORKER = "inference_worker"
MOVES = ("promote", "rollback")

Tell = Callable[[str, Told], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """An alias was made to mean a model: `post` is None where that cannot serve, and `why` says why."""

    arm: str
    ref: ModelRef
    post: Post | None
    why: str


def open_registry(config: Config, clock: Clock, timeout_s: float) -> Registry:
    """The registry of a configuration; ConfigError when its key cannot be used."""
    try:
        key = None if config.key is None else load_key(config.key)
    except ModelError as error:
        raise ConfigError(str(error)) from error
    return Registry(config.registry, clock=clock.wall_ns, timeout_s=timeout_s, key=key)


@contextmanager
def readable(ref: ModelRef) -> Iterator[None]:
    """What the system has against reading a version's files is said of the version."""
    try:
        yield
    except OSError as error:
        raise ModelError(f"{ref} cannot be read: {error.strerror}") from error


class Roster:
    """Reads aliases: all at start, which may take its time, then those that move, which may not."""

    def __init__(self, config: Config, clock: Clock, log: FilteringBoundLogger, tell: Tell) -> None:
        self._config, self._tell = config, tell
        self._registry = open_registry(config, clock, timeout_s=5.0)
        # Beside the loop nothing waits for another process.
        self.quick = open_registry(config, clock, timeout_s=0.0)
        self._wishes = Wishes(config, self.quick, clock)
        self.ledger = Ledger(self.quick, config.instance, clock, log)

    def posts(self) -> Mapping[str, Post]:
        """The model of every arm; raises ModelError that says how to put one on record."""
        self._wishes.begin()
        return {arm: self._post(arm) for arm in self._config.arms}

    def post(self, ref: ModelRef) -> Post:
        """What a version's bundle says of itself; ModelError when it may not serve. Its weights are not read here."""
        with readable(ref):
            return self._made(ref, self.quick.inspect(ref))

    def served_before(self, arm: str, but: AbstractSet[ModelRef]) -> Post | None:
        """What served the arm last, or else what its alias meant before: none of these, and one that can be read."""
        passed = {ref.key for ref in but}
        for key in self._known(arm):
            if key not in passed:
                try:
                    return self.post(self._registry.version(*key).ref)
                except ModelError:  # removed or damaged: so the one before it
                    passed.add(key)
        return None

    def wishes(self) -> Iterator[Wish]:
        """What somebody has asked for since last asked, by arm: a model, or why it cannot serve."""
        for arm, ref in self._wishes.moved().items():
            why = f"alias {self._config.arms[arm].alias} was moved to {ref}"
            try:
                yield Wish(arm, ref, self.post(ref), why)
            except ModelError as error:
                yield Wish(arm, ref, None, str(error))

    def note(self, arm: str, action: Action, *, by: str, why: str) -> bool:
        """Put on record what was done to an arm; False when that has to wait."""
        return self.ledger.note(Event(action, self._config.instance, arm=arm), by=by, why=why)

    def note_swap(self, arm: str, swap: Swap) -> None:
        """Put on record that a model took over, or failed to."""
        action: Action = "swap_failed" if swap.failed else "swap"
        ends = swap.source.key, swap.target.key
        event = Event(action, self._config.instance, self._config.arms[arm].alias, arm, *ends)
        self.ledger.note(event, by=WORKER, why=swap.why)

    def events(self, arm: str) -> list[Change]:
        """What was done to an arm so far: of each action the newest row."""
        return self._registry.events(self._config.instance, arm)

    def close(self) -> None:
        """Close the registry; what it was too busy to take is offered once more."""
        self.ledger.close()
        self._registry.close()
        self.quick.close()

    def _post(self, arm: str) -> Post:
        word = self._wishes.read(arm)
        wish, last = None if word is None else word.ref, self._last_served(arm)
        if wish is None or (last is not None and self._was_refused(arm, wish)):
            return self._fall_back(arm, wish, last, self._why(arm, wish))
        try:
            return self._loaded(arm, wish)
        except ModelError as error:
            if last in {None, wish}:
                raise
            return self._fall_back(arm, wish, last, str(error))

    def _why(self, arm: str, wish: ModelRef | None) -> str:
        alias = self._config.arms[arm].alias
        return f"alias {alias} is missing" if wish is None else f"{wish} failed to take over before"

    def _fall_back(self, arm: str, wish: ModelRef | None, last: ModelRef | None, why: str) -> Post:
        if last is None:
            raise self._nothing_to_serve(arm)
        detail = {"serving": str(last), "wanted": str(wish or ""), "detail": why}
        told = Told("warning", "alias_missing", detail) if wish is None else Told("warning", "alias_refused", detail)
        self._tell(arm, told)
        return self._loaded(arm, last)

    def _nothing_to_serve(self, arm: str) -> ModelError:
        instance, alias = self._config.instance, self._config.arms[arm].alias
        known = [row.alias for row in self._registry.aliases(instance)]
        return ModelError(
            f"arm {arm}: instance {instance!r} has no alias {alias!r}{did_you_mean(alias, known)}; put one on record: "
            f"python -m scripts.models promote --instance {instance} ..."
        )

    def _loaded(self, arm: str, ref: ModelRef) -> Post:
        """All of it is read: a start has the time, and a damaged bundle is to be known before it."""
        with readable(ref):
            post = self._made(ref, self._registry.load(ref))
        detail = {"name": ref.name, "version": str(ref.version), "digest": ref.digest, "factors": post.factor_topic}
        self._tell(arm, Told("info", "model", detail))
        return post

    def _made(self, ref: ModelRef, bundle: Bundle) -> Post:
        factors, configured = bundle.manifest.factor_set, self._config.factors.name
        if factors.operators and factors.name != configured:
            raise ModelError(
                f"{ref} wants factor set {factors.name!r}, which calls {', '.join(factors.operators)}, code that only "
                f"that set's file has; the factor engine computes {configured!r}: set factors.set"
            )
        names = [name for name, _ in factors.factors]
        for feature in bundle.manifest.features:
            if feature not in names:
                raise ModelError(
                    f"{ref} wants feature {feature!r}, which its factors lack{did_you_mean(feature, names)}"
                )
        return Post.of(ref, self.quick.folder(ref), bundle)

    def _last_served(self, arm: str) -> ModelRef | None:
        """None when nothing ever served it, or what did was removed since."""
        last = self._registry.last_served(self._config.instance, arm)
        try:
            return None if last is None else self._registry.version(last.name, last.version).ref
        except RegistryError:
            return None

    def _known(self, arm: str) -> list[tuple[str, int]]:
        """Whoever served the arm, then whoever was meant to, newest first; none where the registry cannot be read."""
        try:
            return [*self._served(arm), *self._meant(arm)]
        except RegistryError:
            return []

    def _served(self, arm: str) -> Iterator[tuple[str, int]]:
        """Whoever served the arm by the journal in force, newest first."""
        row = self._registry.last_served(self._config.instance, arm)
        while row is not None:
            yield row.name, row.version
            row = self._registry.served_at(row.instance, arm, row.bar - 1, journal=row.journal)

    def _meant(self, arm: str) -> Iterator[tuple[str, int]]:
        """What the arm's alias was moved away from, newest first."""
        rows = self._registry.history(self._config.instance, self._config.arms[arm].alias)
        moves = [row.source for row in reversed(rows) if row.action in MOVES]
        return (source for source in moves if source is not None)

    def _was_refused(self, arm: str, wish: ModelRef) -> bool:
        """Whether a swap to this has failed since the alias last moved."""
        rows = self._registry.history(self._config.instance, self._config.arms[arm].alias)
        since = max((row.number for row in rows if row.action in MOVES), default=0)
        failed = [row for row in rows if row.action == "swap_failed" and row.arm == arm and row.number > since]
        return any(row.target == wish.key for row in failed)
