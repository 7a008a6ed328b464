"""An exported model over our own dataset of the same bars: what would be registered, before anything is compared."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.errors import ExportError, ModelError, TooFewRowsError
from common.market.constituents import Constituents
from common.models.processed import ProcessedModel
from common.models.processors import outputs
from common.research.dataset import Dataset
from common.research.migration.completeness import check_complete
from common.research.migration.export import KEYS, Export
from common.research.migration.findings import deviation
from common.research.migration.fitting import chain_of
from common.research.migration.places import bars_of
from common.research.migration.stays import constituents_of
from common.research.migration.weights import Weights, model_of, read_weights
from common.research.parting import Parting
from common.research.raw_source import raw_of
from common.research.recipe import Recipe

Floats = NDArray[np.float64]

MORE_BARS = "Load more bars with vnpy's extended_days, and export again"
SAME = 1e-4
"""Standard deviations within which the exported weights must give the exported predictions; torch adds in 32 bits."""
IMPORTANCE_ROWS = 2048
KINDS = {"lightgbm": "lightgbm", "lasso": "linear", "mlp": "mlp"}


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """bars: those of ours that vnpy's dataset held; model: vnpy's, behind our processors fitted on our factors.

    repeated: the model's answers f8[N] to vnpy's own features, a row a prediction of the export.
    """

    export: Export
    weights: Weights
    bars: pl.DataFrame
    recipe: Recipe
    dataset: Dataset
    model: ProcessedModel
    repeated: Floats

    @classmethod
    def of(cls, export: Export, bars: pl.DataFrame, name: str, members: Constituents | None = None) -> Self:
        """Make one of good bars; ExportError for what cannot be taken over.

        members: who belonged to the index when; None: as vnpy's filter had it.
        """
        check_complete(export)
        words = read_weights(export.definition.weights)
        model = model_of(words, export.features, _some(export))
        repeated = model.predict(_asked(export))
        _check_scores(export, repeated)
        held = bars_of(bars, export.loaded)
        known = constituents_of(export.raw, export.loaded) if members is None else members
        recipe = _recipe(export, name, KINDS[words.kind], known)
        dataset = _dataset(export, held, recipe)
        if outputs(dataset.chain) != tuple(model.features):
            raise ExportError("our processors leave other features than vnpy's did: export the model with its dataset")
        return cls(export, words, held, recipe, dataset, ProcessedModel(dataset.chain, model), repeated)


def _dataset(export: Export, bars: pl.DataFrame, recipe: Recipe) -> Dataset:
    """Values of ours behind vnpy's processors; ExportError where too few bars have a full look-back."""
    said = export.definition
    try:
        raw = raw_of(bars, recipe)
        parting = Parting.of(raw, recipe, None)
        chain = chain_of(export, recipe.processing, said.training_span())
        return Dataset(raw, recipe, chain, parting.parts(chain))
    except TooFewRowsError as error:
        raise ExportError(f"{error}. {MORE_BARS}") from error
    except ModelError as error:
        raise ExportError(f"dataset {said.dataset}: {error}") from error


def _recipe(export: Export, name: str, kind: str, members: Constituents | None) -> Recipe:
    said = export.definition
    return Recipe(
        name, said.factor_set(name), kind, processing=said.processing(), periods=said.spans(), constituents=members
    )


def _some(export: Export) -> Floats:
    """Some rows the model was asked about, evenly spread: f8[F, N]."""
    frame = export.inferred.select(export.features)
    rows = np.linspace(0, frame.height - 1, min(frame.height, IMPORTANCE_ROWS)).astype(np.int64)
    return np.ascontiguousarray(frame[rows].to_numpy().T)


def _asked(export: Export) -> Floats:
    """Features f8[F, N], as vnpy made them, of the rows that have a prediction, in its order."""
    asked = export.predictions.select(KEYS).join(export.inferred, on=list(KEYS), how="left", maintain_order="left")
    return np.ascontiguousarray(asked.select(export.features).to_numpy().T)


def _check_scores(export: Export, found: Floats) -> None:
    """Refuse weights that do not give the predictions f8[N] of the same export."""
    said = export.predictions["prediction"].to_numpy()
    known = np.isfinite(said)
    with np.errstate(over="ignore", invalid="ignore"):
        far = np.abs(found[known] - said[known]) / deviation(said[known])
    if far.size and not float(far.max()) <= SAME:
        raise ExportError(
            f"the model gives other predictions than those exported, by up to {float(far.max()):.3g} of their standard "
            "deviations: it was exported with another dataset, or changed since"
        )
