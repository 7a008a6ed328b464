"""What a fresh model's manifest says: where it comes from, how good it is, and the answers it must keep giving."""

from dataclasses import replace
from math import isfinite

import numpy as np
import polars as pl

from common.factors.plan import compile_set
from common.market.digest import digest_bars
from common.models.factor_record import record_of
from common.models.fingerprint import library_versions, platform_fingerprint
from common.models.golden import encode_array
from common.models.manifest import DataRecord, GoldenRecord, LabelRecord, Manifest, Span, TrainingRecord
from common.models.processed import ProcessedModel
from common.models.processors import encode_processors
from common.models.reference import Reference, encode_reference, measure
from common.research.dataset import Dataset
from common.research.information import Floats, linear_ic, rank_ic, summarise
from common.research.part import Part
from common.research.periods import Segment
from common.research.recipe import Recipe, label_horizon

GOLDEN_ROWS = 56
PARTS = {Segment.TRAIN: "training", Segment.VALID: "validation"}
"""What the manifest calls the parts that make a model; a test part has no say in it."""

GOLDEN_INPUTS, GOLDEN_OUTPUTS = "golden_inputs.npy", "golden_outputs.npy"

# Whole rows of each: a model must answer them as it always did, whatever they mean.
_SPECIAL = (np.nan, 0.0, -0.0, np.inf, -np.inf, 1e300, -1e300, 1e-300)


def describe(
    bars: pl.DataFrame, recipe: Recipe, dataset: Dataset, model: ProcessedModel
) -> tuple[Manifest, dict[str, bytes]]:
    """Everything but the files' digests, and the files that are no model: golden answers, reference, processors."""
    words, processors = encode_processors(dataset.chain)
    scores: dict[str, float] = {}
    for segment, name in PARTS.items():
        part = dataset.part(segment)
        scores |= _scores(part, part.answers(model.model.predict, part.learnt), name)
    told, reference = encode_reference(_reference(dataset, model))
    manifest = replace(_manifest(bars, recipe, dataset, model), scores=scores, reference=told, processors=words)
    return manifest, {**reference, **processors, **golden_files(dataset, model)}


def _manifest(bars: pl.DataFrame, recipe: Recipe, dataset: Dataset, model: ProcessedModel) -> Manifest:
    factor_set, plan = recipe.factor_set.written_out(), compile_set(recipe.factor_set)
    bars_digest = digest_bars(bars)
    return Manifest(
        name=recipe.name,
        kind=recipe.kind,
        factor_set=record_of(factor_set, plan),
        features=plan.names,
        label=LabelRecord(factor_set.label, label_horizon(factor_set), recipe.label_text),
        spans={name: _span(dataset, dataset.part(segment)) for segment, name in PARTS.items()},
        data=DataRecord(bars_digest, bars["time"].n_unique(), bars["symbol"].n_unique(), bars.height),
        training=TrainingRecord(recipe.key(plan, bars_digest), recipe.settings()),
        scores={},
        libraries=library_versions((*model.model.libraries, "numpy", "numba")),
        platform=platform_fingerprint(),
        golden=GoldenRecord(GOLDEN_INPUTS, GOLDEN_OUTPUTS, model.model.golden_tolerance),
    )


def golden_files(dataset: Dataset, model: ProcessedModel) -> dict[str, bytes]:
    """Real rows spread over the validation part, and rows of special values, with the model's answers."""
    rows = _raw_rows(dataset, dataset.part(Segment.VALID))
    picked = rows[:, np.linspace(0, rows.shape[1] - 1, GOLDEN_ROWS).astype(np.int64)]
    special = np.tile(np.array(_SPECIAL), (rows.shape[0], 1))
    inputs = np.ascontiguousarray(np.concatenate([picked, special], axis=1))
    return {GOLDEN_INPUTS: encode_array(inputs), GOLDEN_OUTPUTS: encode_array(model.rehearse(inputs))}


def _raw_rows(dataset: Dataset, part: Part) -> Floats:
    """Raw factors f8[F, N] of the rows that are learnt from: what arrives live, before any processor."""
    first, last = part.sections
    found: Floats = dataset.raw.factors.values[:, first:last][:, part.learnt]
    return found


def _span(dataset: Dataset, part: Part) -> Span:
    first, last = part.sections
    return Span(int(dataset.raw.time[first]), int(dataset.raw.time[last - 1]), last - first)


def _reference(dataset: Dataset, model: ProcessedModel) -> Reference:
    part = dataset.part(Segment.TRAIN)
    return measure(_raw_rows(dataset, part), model.model.predict(part.samples().features))


def _scores(part: Part, values: Floats, name: str) -> dict[str, float]:
    """IC and rank IC against the raw label, MSE against the learnt one; what cannot be said is left out."""
    rows = part.learnt
    label = np.where(rows, part.label, np.nan)
    ranked, linear = summarise(rank_ic(values, label)), summarise(linear_ic(values, label))
    error = float(np.mean((values[rows] - part.target[rows]) ** 2))
    figures = {
        "rank_ic": ranked.mean,
        "rank_ic_std": ranked.std,
        "rank_ic_t": ranked.t,
        "rank_ic_sections": float(ranked.count),
        "ic": linear.mean,
        "ic_t": linear.t,
        "mse": error,
        "rows": float(rows.sum()),
    }
    return {f"{name}_{figure}": value for figure, value in figures.items() if isfinite(value)}
