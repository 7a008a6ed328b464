"""From bars to a model on record; equal bars, plan, label and parameters give the same bundle to the byte."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from common.factors.plan import compile_set
from common.market.digest import digest_bars
from common.models.bundle import Bundle
from common.models.kinds import model_class
from common.models.processed import ProcessedModel
from common.models.processors import outputs
from common.models.records import ModelRef
from common.models.registry import Registry
from common.research.dataset import Dataset
from common.research.draft import describe
from common.research.learnable import check_learnable
from common.research.periods import Segment
from common.research.prepared import seen_by
from common.research.recipe import Recipe

# Called with the stage (factors, fit, bundle), steps done and steps at most.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A version on record, and whether it was there before."""

    ref: ModelRef
    reused: bool


def silent(stage: str, done: int, most: int) -> None:
    """Progress for nobody."""


def train_or_reuse(
    bars: pl.DataFrame,
    recipe: Recipe,
    registry: Registry,
    *,
    author: str,
    progress: Progress = silent,
    prepared: Callable[[], Dataset] | None = None,
) -> Trained:
    """Return the version made from equal bars, plan, label and parameters; train and register it if there is none.

    prepared: gives the dataset where it is wanted for more than training; it may have a test part, and without
    periods only bars before that are learnt from. DatasetError if it is of other bars, or another recipe.
    """
    dataset = None if prepared is None else _made(prepared, progress)
    bars, recipe = _seen(bars, recipe, dataset)
    key = recipe.key(compile_set(recipe.factor_set), digest_bars(bars))
    known = registry.find(key, name=recipe.name)
    # A bundle that is gone is made again, under its old version; one that is damaged is an error.
    if known is not None and registry.folder(known.ref).exists():
        registry.load(known.ref)
        return Trained(known.ref, reused=True)
    bundle = _bundle(bars, recipe, dataset, progress)
    return Trained(registry.add(bundle, author=author), reused=False)


def train(
    bars: pl.DataFrame,
    recipe: Recipe,
    *,
    progress: Progress = silent,
    prepared: Callable[[], Dataset] | None = None,
) -> Bundle:
    """Train on good bars (columns of `BarTable.frame`), all of which are history; ModelError if they are too few.

    With periods, bars after the validation span are left out first; without, those from a prepared test part on.
    """
    dataset = None if prepared is None else _made(prepared, progress)
    bars, recipe = _seen(bars, recipe, dataset)
    return _bundle(bars, recipe, dataset, progress)


def _made(make: Callable[[], Dataset], progress: Progress) -> Dataset:
    """What is made, told as the stage it is."""
    progress("factors", 0, 1)
    dataset = make()
    progress("factors", 1, 1)
    return dataset


def _seen(bars: pl.DataFrame, recipe: Recipe, dataset: Dataset | None) -> tuple[pl.DataFrame, Recipe]:
    """The bars that decide the outcome, and the recipe with what could be known by the last of them."""
    bars = recipe.seen(bars) if dataset is None else seen_by(dataset, bars, recipe)
    last = bars["stamp"].max()
    return bars, recipe.as_of(last) if isinstance(last, int) else recipe


def _bundle(bars: pl.DataFrame, recipe: Recipe, prepared: Dataset | None, progress: Progress) -> Bundle:
    dataset = prepared or _made(lambda: Dataset.of(bars, recipe), progress)
    check_learnable(dataset)
    model = model_class(recipe.kind, recipe.kinds).fit(
        dataset.samples(Segment.TRAIN),
        dataset.samples(Segment.VALID),
        outputs(dataset.chain),
        recipe.parameters,
        lambda done, most: progress("fit", done, most),
    )
    manifest, files = describe(bars, recipe, dataset, ProcessedModel(dataset.chain, model))
    progress("bundle", 1, 1)
    return Bundle.make(manifest, {**model.save(), **files})
