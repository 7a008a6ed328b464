"""A model that was taken over as a bundle like any other: manifest, golden rows, reference statistics, processors."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

from common.factors.plan import compile_set
from common.market.digest import digest_bars
from common.models.bundle import Bundle
from common.models.manifest import TrainingRecord, canonical
from common.research.draft import describe
from common.research.migration.migration import Migration


def bundle_of(migration: Migration) -> Bundle:
    """The bundle of a migration; equal exports, bars and processors give equal bytes.

    What it says of training is what vnpy was told, and how far predictions moved on the way.
    """
    candidate = migration.candidate
    recipe, model = candidate.recipe, candidate.model
    seen = recipe.seen(candidate.bars)
    last = seen["stamp"].max()
    recipe = recipe.as_of(last) if isinstance(last, int) else recipe
    manifest, files = describe(seen, recipe, candidate.dataset, model)
    told = _told(migration)
    key = sha256(
        canonical({"bars": digest_bars(seen), "plan": compile_set(recipe.factor_set).digest.hex(), "taken over": told})
    ).hexdigest()
    return Bundle.make(replace(manifest, training=TrainingRecord(key, told)), {**model.model.save(), **files})


def _told(migration: Migration) -> dict[str, Any]:
    said, change, weights = migration.candidate.export.definition, migration.change, migration.candidate.weights
    return {
        "taken_over_from": f"vnpy {said.vnpy}",
        "dataset": said.dataset,
        "model": said.model,
        "periods": {name: list(span) for name, span in said.periods.items()},
        "weights": sha256(weights.model_dump_json().encode()).hexdigest(),
        "parameters": weights.parameters,
        "learn_processors": [each.name for each in said.learn_processors],
        "limit_deviations": migration.limit.deviations,
        "moved_largest": change.largest,
        "moved_beyond_limit": change.beyond,
        "compared": migration.coverage.share,
    }
