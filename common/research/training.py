"""From bars to a model on record; equal bars, plan, label and parameters give the same bundle to the byte."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from common.factors.plan import Plan, compile_set
from common.market.digest import digest_bars
from common.models.bundle import Bundle
from common.models.kinds import model_class
from common.models.records import ModelRef
from common.models.registry import Registry
from common.research.draft import describe
from common.research.material import Material, prepare
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
    bars: pl.DataFrame, recipe: Recipe, registry: Registry, *, author: str, progress: Progress = silent
) -> Trained:
    """Return the version made from equal bars, plan, label and parameters; train and register it if there is none."""
    recipe = _as_of(bars, recipe)
    key = recipe.key(compile_set(recipe.factor_set), digest_bars(bars))
    known = registry.find(key, name=recipe.name)
    # A bundle that is gone is made again, under its old version; one that is damaged is an error.
    if known is not None and registry.folder(known.ref).exists():
        registry.load(known.ref)
        return Trained(known.ref, reused=True)
    return Trained(registry.add(train(bars, recipe, progress=progress), author=author), reused=False)


def train(bars: pl.DataFrame, recipe: Recipe, *, progress: Progress = silent) -> Bundle:
    """Train on good bars (columns of `BarTable.frame`), all of which are history; ModelError if they are too few."""
    recipe = _as_of(bars, recipe)
    plan = compile_set(recipe.factor_set)
    progress("factors", 0, 1)
    material = prepare(bars, recipe, plan)
    progress("factors", 1, 1)
    return _bundle(bars, recipe, plan, material, progress)


def _as_of(bars: pl.DataFrame, recipe: Recipe) -> Recipe:
    last = bars["stamp"].max()
    return recipe.as_of(last) if isinstance(last, int) else recipe


def _bundle(bars: pl.DataFrame, recipe: Recipe, plan: Plan, material: Material, progress: Progress) -> Bundle:
    model = model_class(recipe.kind, recipe.kinds).fit(
        material.samples(material.rows.train),
        material.samples(material.rows.validation),
        plan.names,
        recipe.parameters,
        lambda done, most: progress("fit", done, most),
    )
    manifest, files = describe(bars, recipe, plan, material, model)
    progress("bundle", 1, 1)
    return Bundle.make(manifest, {**model.save(), **files})
