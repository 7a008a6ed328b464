"""Which model each arm serves, at a start and after it: the alias is the wish, rows are the fact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from alphabus.clock import Clock
from common.config import Config
from common.errors import ModelError, NotOnRecordError, RegistryError
from common.models.records import Action, Change, Event, ModelRef
from common.models.registry import Registry
from common.models.signature import configured_key
from services.inference_worker.actions import Swap, Told
from services.inference_worker.roster.backlog import Backlog
from services.inference_worker.roster.ledger import Ledger
from services.inference_worker.roster.mending import Mending
from services.inference_worker.roster.opening import WORKER, Opening
from services.inference_worker.roster.post import Post
from services.inference_worker.roster.postings import Postings
from services.inference_worker.roster.record import Record
from services.inference_worker.roster.wishes import Wishes

Tell = Callable[[str, Told], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """An alias was made to mean a model: `post` is None where that cannot serve, and `why` says why."""

    arm: str
    ref: ModelRef
    post: Post | None
    why: str


def open_registry(config: Config, clock: Clock, timeout_s: float) -> Registry:
    """The registry of a configuration; ConfigError when its key cannot be used, RegistryError where there is none."""
    key = configured_key(config.key)
    return Registry(config.registry, clock=clock.wall_ns, timeout_s=timeout_s, key=key, existing=True)


class Roster:
    """Reads aliases: all at start, which may take its time, then those that move, which may not."""

    def __init__(self, config: Config, clock: Clock, tell: Tell) -> None:
        self._config, self._tell = config, tell
        self._registry = open_registry(config, clock, timeout_s=5.0)
        # Beside the loop nothing waits for another process.
        self.quick = open_registry(config, clock, timeout_s=0.0)
        self._wishes, self._postings = Wishes(config, self.quick, clock), Postings(config.factors.name, self.quick)
        backlog = Backlog(config.state / WORKER / "unrecorded")
        self.ledger = Ledger(self.quick, config.instance, clock, backlog, tell)
        self._record = Record(config, self._registry, lambda: self.ledger.waiting)
        self._opening = Opening(config, self._registry, self._postings, (self._record, self.ledger), tell)
        self._mending = Mending(self.quick.folder, clock)

    def posts(self) -> Mapping[str, Post]:
        """The model of every arm, or a vacant post; where all are vacant ModelError, which says what to do.

        NotOnRecordError where nobody has said yet what any arm is to serve: that is no failure of a model.
        """
        self._wishes.begin()
        words = {arm: self._wishes.read(arm) for arm in self._config.arms}
        posts = {arm: self._opening.post(arm, None if word is None else word.ref) for arm, word in words.items()}
        if all(post.is_vacant for post in posts.values()):
            failure = ModelError if any(post.model.version for post in posts.values()) else NotOnRecordError
            raise failure("; ".join(post.trouble for post in posts.values()))
        for arm, post in posts.items():
            if post.is_vacant:
                wanted = post.ref if post.model.version else None
                self._mending.watch(arm, wanted)
                self._tell(arm, Told("error", "arm_vacant", {"wanted": str(wanted or ""), "detail": post.trouble}))
        return posts

    def post(self, ref: ModelRef) -> Post:
        """What a version's bundle says of itself; ModelError when it may not serve. Its weights are not read here."""
        return self._postings.inspected(ref)

    def served_before(self, arm: str, but: AbstractSet[ModelRef]) -> Post | None:
        """What served the arm last, or else what its alias meant before: none of these, and one that can be read."""
        passed = {ref.key for ref in but | self._opening.damaged}
        for key in self._reliefs(arm):
            if key not in passed:
                try:
                    return self.post(self._registry.version(*key).ref)
                except ModelError:  # removed or damaged: so the one before it
                    passed.add(key)
        return None

    def wishes(self) -> Iterator[Wish]:
        """What somebody has asked for since last asked, by arm: a model, or why it cannot serve."""
        for arm, ref in self._wishes.moved().items():
            if arm in self._mending:
                self._mending.watch(arm, ref)
            yield self._wish(arm, ref, f"alias {self._config.arms[arm].alias} was moved to {ref}")
        for arm, ref in self._mending.mended().items():
            yield self._wish(arm, ref, f"the files of {ref} were changed")

    def note(self, arm: str, action: Action, *, by: str, why: str) -> bool:
        """Put on record what was done to an arm; False when a kill would make it forgotten."""
        return self.ledger.note(Event(action, self._config.instance, arm=arm), by=by, why=why)

    def note_swap(self, arm: str, swap: Swap) -> None:
        """Put on record that a model took over, or failed to."""
        action: Action = "swap_failed" if swap.failed else "swap"
        if not swap.failed:
            self._mending.forget(arm)
        ends = None if swap.source is None else swap.source.key, swap.target.key
        alias, answers = self._config.arms[arm].alias, self._wishes.heard(arm)
        event = Event(action, self._config.instance, alias, arm, *ends, answers)
        self.ledger.note(event, by=WORKER, why=swap.why)

    def events(self, arm: str) -> list[Change]:
        """What was done to an arm so far, oldest first; what is not on record yet counts."""
        return self._record.events(arm)

    def close(self) -> None:
        """Close the registry; what it was too busy to take is offered once more."""
        self.ledger.close()
        self._registry.close()
        self.quick.close()

    def _wish(self, arm: str, ref: ModelRef, why: str) -> Wish:
        try:
            return Wish(arm, ref, self.post(ref), why)
        except ModelError as error:
            return Wish(arm, ref, None, str(error))

    def _reliefs(self, arm: str) -> list[tuple[str, int]]:
        """None where the registry cannot be read."""
        try:
            return self._record.reliefs(arm)
        except RegistryError:
            return []
