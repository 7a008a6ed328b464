"""Who could take over from a model that is unfit: who served before, but for those found unfit themselves."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from common.models.records import ModelRef
from services.inference_worker.roster.post import Post


class Relief:
    """Remembers who is unfit until somebody wants a model here; none of them is brought back."""

    def __init__(self, served_before: Callable[[AbstractSet[ModelRef]], Post | None]) -> None:
        """`served_before`: who could serve again, of all but these."""
        self._served_before = served_before
        self._unfit: set[ModelRef] = set()

    def forgive(self) -> None:
        """A new word, and a new trial for all."""
        self._unfit.clear()

    def rule_out(self, ref: ModelRef) -> bool:
        """Note that one is unfit; returns whether that is news."""
        is_news = ref not in self._unfit
        self._unfit.add(ref)
        return is_news

    def next(self) -> Post | None:
        """Who is to be tried, if there is anybody left."""
        return self._served_before(self._unfit)
