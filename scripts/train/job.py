"""One training: bars, what is to be made of them, and by whom; once, or walking forward."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from common.market.span import Span
from common.market.store import BarTable
from common.models.registry import Registry
from common.research.dataset import Dataset
from common.research.factor_cache import FactorCache
from common.research.recipe import Recipe
from common.research.walk_forward import Walk, WalkForward
from scripts.command import warn
from scripts.train.outcome import trained, walked
from scripts.train.spans import history_for


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """cache: folder that factors are kept in, if any."""

    table: BarTable
    recipe: Recipe
    author: str
    cache: Path | None

    def once(self, models: Registry, split: str | None, test: Span | None) -> dict[str, Any]:
        """Train on history, judge on every part; figures."""
        history = history_for(self.table, self.recipe, split, test)
        seen = replace(self.table, frame=history if test is None else self.table.frame)
        dataset = cache(lambda: Dataset.of(seen, self.recipe, test=test, cache=self._kept))
        return trained(history, self.recipe, dataset, models, self.author)

    def walk(self, models: Registry, walk: Walk, signals: Path | None) -> dict[str, Any]:
        """Train a model a stretch, judge their answers as one signal; figures."""
        return walked(WalkForward(self.table, self.recipe, walk, self.author, self._kept), models, signals)

    @property
    def _kept(self) -> FactorCache | None:
        return None if self.cache is None else FactorCache(self.cache, warn)
