"""Walking forward: a model for each stretch of time, trained on what came before it, and one signal out of all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.amounts import amount
from common.errors import DatasetError, TooFewRowsError
from common.market.span import Span
from common.market.store import BarTable
from common.models.processed import load_processed
from common.models.registry import Registry
from common.research.appraisal import Appraisal, Asked, appraise, ask
from common.research.dataset import Dataset
from common.research.factor_cache import FactorCache
from common.research.periods import Periods, Segment, ascending, shown
from common.research.prediction import signal_frame
from common.research.raw import Raw
from common.research.raw_source import raw_of
from common.research.recipe import Recipe, label_horizon
from common.research.rows import cut_by_share
from common.research.sufficiency import Sufficiency
from common.research.training import Trained, train_or_reuse

# Called with models made and models in all.
Walking = Callable[[int, int], None]


def silent(done: int, most: int) -> None:
    """Progress for nobody."""


@dataclass(frozen=True, slots=True)
class Walk:
    """`window` sections come before the first stretch of `step` sections; growing keeps them all, rolling so many."""

    window: int
    step: int
    kind: Literal["rolling", "growing"] = "growing"

    def stretches(self, sections: int) -> list[tuple[int, int, int]]:
        """First section of the history, of the stretch, and the one after it; DatasetError if there is no stretch."""
        if self.window < 1 or self.step < 1 or self.window >= sections:
            raise DatasetError(
                f"a window of {amount(self.window, 'section')} and steps of {self.step} leave nothing of "
                f"{amount(sections, 'section')} "
                "to walk over; give a shorter window"
            )
        edges = [*range(self.window, sections, self.step), sections]
        return [(0 if self.kind == "growing" else now - self.window, now, after) for now, after in pairwise(edges)]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A model, what it was trained and what it was asked on, and whether there was enough to learn from."""

    periods: Periods
    test: Span
    trained: Trained
    sufficiency: Sufficiency


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """Stretches in order, and their answers in one: datetime, symbol, signal, and the version that gave it."""

    stretches: tuple[Stretch, ...]
    signal: pl.DataFrame
    appraisal: Appraisal

    @property
    def sufficiency(self) -> Sufficiency:
        """That of the stretch that had the fewest rows for a feature."""
        return min((each.sufficiency for each in self.stretches), key=lambda each: each.rows_a_feature)


@dataclass(frozen=True, slots=True)
class WalkForward:
    """Trains, registers and asks a model a stretch; each is what training with its spans alone would give."""

    table: BarTable
    recipe: Recipe
    walk: Walk
    author: str
    cache: FactorCache | None = None

    def run(self, registry: Registry, progress: Walking = silent) -> Walked:
        """Walk over all bars. DatasetError for a recipe that has spans of its own, or a window that leaves nothing."""
        if self.recipe.periods is not None:
            raise DatasetError("walking forward makes spans of its own; leave out those of the recipe")
        raw = raw_of(self.table.frame, self.recipe, self.cache)
        plan = list(spans_of(raw.stamp, self.recipe, self.walk))
        stretches, answers = [], []
        for done, spans in enumerate(plan):
            progress(done, len(plan))
            with _naming(f"stretch {done + 1} of {len(plan)}", *spans):
                stretch, asked = self._step(raw, spans, registry)
            stretches.append(stretch)
            answers.append(asked)
        progress(len(plan), len(plan))
        return Walked(
            tuple(stretches),
            pl.concat([self._signal(raw, *pair) for pair in zip(stretches, answers, strict=True)]),
            appraise(Asked.joined(answers), self.recipe),
        )

    def _step(self, raw: Raw, spans: tuple[Periods, Span], registry: Registry) -> tuple[Stretch, Asked]:
        periods, test = spans
        recipe = replace(self.recipe, periods=periods)
        dataset = Dataset.over(raw, recipe, test=test)
        trained = train_or_reuse(self.table.frame, recipe, registry, author=self.author, prepared=lambda: dataset)
        model = load_processed(registry.load(trained.ref), recipe.kinds)
        rows = Sufficiency(int(dataset.part(Segment.TRAIN).learnt.sum()), len(model.model.features))
        return Stretch(periods, test, trained, rows), ask(model, dataset, Segment.TEST)

    def _signal(self, raw: Raw, stretch: Stretch, asked: Asked) -> pl.DataFrame:
        frame = signal_frame(asked, raw, self.table.form)
        return frame.with_columns(version=pl.lit(stretch.trained.ref.version, dtype=pl.Int64))


@contextmanager
def _naming(which: str, periods: Periods, test: Span) -> Iterator[None]:
    """Within it, what is wrong with a dataset is told with its stretch."""
    try:
        yield
    except (DatasetError, TooFewRowsError) as error:
        spans = f"train {shown(periods.train)}, validation {shown(periods.valid)}, test {shown(test)}"
        raise type(error)(f"{which} ({spans}): {error}") from error


def spans_of(stamp: NDArray[np.int64], recipe: Recipe, walk: Walk) -> Iterator[tuple[Periods, Span]]:
    """Spans to train, validate and test on, a stretch each; the last share of a history validates.

    Where clocks go back, an edge lies before the hour that comes again: no span of stamps begins within it.
    """
    horizon, stamps = label_horizon(recipe.factor_set), ascending(stamp)
    begins = [*np.searchsorted(stamps, stamps).tolist(), len(stamps)]
    for first, now, after in (map(begins.__getitem__, each) for each in walk.stretches(len(stamps))):
        if now == after:
            continue
        valid = begins[first + cut_by_share(now - first, horizon, recipe.validation_share).validation[0]]
        edges = [int(stamps[place]) for place in (first, valid - 1, valid, now - 1, now, after - 1)]
        yield Periods(Span(*edges[:2]), Span(*edges[2:4])), Span(*edges[4:])
