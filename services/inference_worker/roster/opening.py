"""What each arm starts with: what its alias means, else what served it last, else nobody, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from common.config import Config
from common.errors import ModelError, RegistryError
from common.models.records import Event, ModelRef
from common.models.registry import Registry
from common.nearest import did_you_mean
from services.inference_worker.actions import Detail, Told
from services.inference_worker.roster.ledger import Ledger
from services.inference_worker.roster.post import Post
from services.inference_worker.roster.postings import Postings
from services.inference_worker.roster.record import Record

WORKER = "inference_worker"

Tell = Callable[[str, Told], None]


class Opening:
    """Reads whole bundles: a start has the time, and a damaged one is to be known before it."""

    def __init__(
        self, config: Config, registry: Registry, postings: Postings, books: tuple[Record, Ledger], tell: Tell
    ) -> None:
        """`books`: what is on record of the arms, and where more is put."""
        self._config, self._registry, self._postings, self._tell = config, registry, postings, tell
        self._record, self._ledger = books
        self.damaged: set[ModelRef] = set()
        """What could not be loaded."""

    def post(self, arm: str, wish: ModelRef | None) -> Post:
        """The first in line that can be loaded; a vacant post, which says why and what to do, where none can."""
        refused = self._refusal(arm, wish)
        troubles = [refused] if refused else []
        line = list(self._in_line(arm, wish, last=bool(refused)))
        for ref in line:
            try:
                post = self._loaded(arm, ref)
            except ModelError as error:
                self.damaged.add(ref)
                troubles.append(str(error))
            else:
                why = f"alias {self._alias(arm)} means it" if ref == wish else troubles[0]
                if ref != wish:
                    self._tell_relief(arm, ref, wish, why)
                return self._started(arm, post, why)
        return Post.vacant(wish or next(iter(line), None), self._nobody(arm, line, troubles))

    def _in_line(self, arm: str, wish: ModelRef | None, *, last: bool) -> Iterator[ModelRef]:
        """What the alias means, then who served, newest first; what was refused and never served comes last."""
        wanted, served = [] if wish is None else [wish], list(self._served(arm))
        yield from dict.fromkeys([*served, *wanted] if last else [*wanted, *served])

    def _served(self, arm: str) -> Iterator[ModelRef]:
        """Who served it and is there, newest first."""
        for key in self._record.served(arm):
            with suppress(RegistryError):
                yield self._registry.version(*key).ref

    def _refusal(self, arm: str, wish: ModelRef | None) -> str:
        """Why what the alias means is not the first to be tried; nothing where it is."""
        if wish is None:
            return f"alias {self._alias(arm)} is missing"
        why = self._record.why_refused(arm, wish)
        return "" if why is None else f"{wish} failed to take over before: {why}"

    def _loaded(self, arm: str, ref: ModelRef) -> Post:
        post = self._postings.loaded(ref)
        detail: Detail = {"name": ref.name, "version": ref.version, "digest": ref.digest, "factors": post.factor_topic}
        self._tell(arm, Told("info", "model", detail))
        return post

    def _started(self, arm: str, post: Post, why: str) -> Post:
        """Put on record who sits there before it has said anything: so nobody removes it, and the engine knows."""
        seat = self._record.seat(arm)
        if seat != post.ref.key:
            event = Event("start", self._config.instance, self._alias(arm), arm, seat, post.ref.key)
            self._ledger.note(event, by=WORKER, why=why)
        return post

    def _tell_relief(self, arm: str, ref: ModelRef, wish: ModelRef | None, why: str) -> None:
        detail = {"serving": str(ref), "wanted": str(wish or ""), "detail": why}
        missing = wish is None
        self._tell(
            arm, Told("warning", "alias_missing", detail) if missing else Told("warning", "alias_refused", detail)
        )

    def _nobody(self, arm: str, line: list[ModelRef], troubles: list[str]) -> str:
        """Arm, model, reason, and what to do."""
        config, alias = self._config, self._alias(arm)
        command = f"--instance {config.instance} --alias {alias} --registry {config.registry} --why WHY"
        promote = f"python -m scripts.models promote MODEL {command}"
        if not line:
            known = [row.alias for row in self._registry.aliases(config.instance)]
            missing = f"instance {config.instance!r} has no alias {alias!r}{did_you_mean(alias, known)}"
            return f"arm {arm}: {missing}; put one on record: {promote} --new"
        tried = ", ".join(map(str, line))
        return f"arm {arm}: {tried} cannot serve: {'; '.join(troubles)}; mend that, or promote another: {promote}"

    def _alias(self, arm: str) -> str:
        return self._config.arms[arm].alias
