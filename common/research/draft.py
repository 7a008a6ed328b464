"""What a fresh model's manifest says: where it comes from, how good it is, and the answers it must keep giving."""

from dataclasses import replace
from math import isfinite

import numpy as np
import polars as pl

from common.factors.plan import Plan
from common.market.digest import digest_bars
from common.market.panel import Panel
from common.models.fingerprint import library_versions, platform_fingerprint
from common.models.golden import encode_array
from common.models.manifest import DataRecord, FactorRecord, GoldenRecord, LabelRecord, Manifest, Span, TrainingRecord
from common.models.predictor import Predictor
from common.models.reference import Reference, encode_reference, measure
from common.research.information import Floats, linear_ic, rank_ic, summarise
from common.research.material import Mask, Material
from common.research.recipe import Recipe, label_horizon

GOLDEN_ROWS = 56
GOLDEN_INPUTS, GOLDEN_OUTPUTS = "golden_inputs.npy", "golden_outputs.npy"

# Whole rows of each: a model must answer them as it always did, whatever they mean.
_SPECIAL = (np.nan, 0.0, -0.0, np.inf, -np.inf, 1e300, -1e300, 1e-300)


def describe(
    bars: pl.DataFrame, recipe: Recipe, plan: Plan, material: Material, model: Predictor
) -> tuple[Manifest, dict[str, bytes]]:
    """Everything but the files' digests, and the files that are no model: golden answers and reference statistics."""
    train, validation = (_answers(material, model, rows) for rows in (material.rows.train, material.rows.validation))
    scores = {**_scores(material, train, "training"), **_scores(material, validation, "validation")}
    words, files = encode_reference(_reference(material, train))
    manifest = replace(_manifest(bars, recipe, plan, material, model), scores=scores, reference=words)
    return manifest, {**files, **golden_files(material, model)}


def _manifest(bars: pl.DataFrame, recipe: Recipe, plan: Plan, material: Material, model: Predictor) -> Manifest:
    factor_set, panel, rows = recipe.factor_set, material.panel, material.rows
    bars_digest = digest_bars(bars)
    return Manifest(
        name=recipe.name,
        kind=recipe.kind,
        factor_set=FactorRecord(factor_set.name, plan.digest.hex(), factor_set.factors),
        features=plan.names,
        label=LabelRecord(factor_set.label, label_horizon(factor_set), recipe.label_processing),
        spans={"training": _span(panel, rows.train_sections), "validation": _span(panel, rows.validation_sections)},
        data=DataRecord(bars_digest, len(panel), len(panel.symbols), bars.height),
        training=TrainingRecord(recipe.key(plan, bars_digest), recipe.settings()),
        scores={},
        libraries=library_versions((*model.libraries, "numpy", "numba")),
        platform=platform_fingerprint(),
        golden=GoldenRecord(GOLDEN_INPUTS, GOLDEN_OUTPUTS, model.golden_tolerance),
    )


def golden_files(material: Material, model: Predictor) -> dict[str, bytes]:
    """Real rows spread over the validation part, and rows of special values, with the model's answers."""
    rows = material.samples(material.rows.validation).features
    picked = rows[:, np.linspace(0, rows.shape[1] - 1, GOLDEN_ROWS).astype(np.int64)]
    special = np.tile(np.array(_SPECIAL), (rows.shape[0], 1))
    inputs = np.ascontiguousarray(np.concatenate([picked, special], axis=1))
    return {GOLDEN_INPUTS: encode_array(inputs), GOLDEN_OUTPUTS: encode_array(model.predict(inputs))}


def _span(panel: Panel, sections: tuple[int, int]) -> Span:
    first, last = sections
    return Span(int(panel.time[first]), int(panel.time[last - 1]), last - first)


def _answers(material: Material, model: Predictor, rows: Mask) -> Floats:
    """Predictions [B, S], NaN beside the rows."""
    values: Floats = np.full(rows.shape, np.nan)
    values[rows] = model.predict(material.samples(rows).features)
    return values


def _reference(material: Material, answers: Floats) -> Reference:
    rows = material.rows.train
    return measure(material.factors.values[:, rows], answers[rows])


def _scores(material: Material, values: Floats, part: str) -> dict[str, float]:
    """IC and rank IC against the raw label, MSE against the learnt one; what cannot be said is left out."""
    rows = material.rows.train if part == "training" else material.rows.validation
    label = np.where(rows, material.label, np.nan)
    ranked, linear = summarise(rank_ic(values, label)), summarise(linear_ic(values, label))
    error = float(np.mean((values[rows] - material.target[rows]) ** 2))
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
    return {f"{part}_{name}": figure for name, figure in figures.items() if isfinite(figure)}
