"""Fitted models of vnpy as models of ours: the same trees, the same coefficients, the same layers."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError

from common.amounts import amount
from common.errors import ExportError, ModelError
from common.models.dense import Dense
from common.models.lightgbm import LightGBMModel
from common.models.linear import LinearModel
from common.models.mlp import MlpModel
from common.models.predictor import Predictor
from common.models.scaling import Scaling
from common.research.migration.layers import Layer, folded, gradient_of

Floats = NDArray[np.float64]

_CLOSED = ConfigDict(extra="forbid", frozen=True)
_UNLIMITED = float(np.finfo(np.float64).max)


class LightGBMWords(BaseModel):
    """LightGBM's own text."""

    model_config = _CLOSED

    kind: Literal["lightgbm"]
    text: str
    parameters: dict[str, Any]


class LassoWords(BaseModel):
    """A coefficient a feature."""

    model_config = _CLOSED

    kind: Literal["lasso"]
    features: tuple[str, ...]
    coefficients: tuple[FiniteFloat, ...]
    intercept: FiniteFloat
    parameters: dict[str, Any]


class MlpWords(BaseModel):
    """torch's modules in order."""

    model_config = _CLOSED

    kind: Literal["mlp"]
    features: tuple[str, ...]
    layers: tuple[Layer, ...]
    parameters: dict[str, Any]


Weights = LightGBMWords | LassoWords | MlpWords
_READER: TypeAdapter[Weights] = TypeAdapter(Annotated[Weights, Field(discriminator="kind")])


def read_weights(body: Mapping[str, Any]) -> Weights:
    """Check the exported weights; ExportError with the first fault."""
    try:
        return _READER.validate_python(body)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise ExportError(f"weights.{'.'.join(map(str, fault['loc']))}: {fault['msg']}; export it again") from error


def model_of(words: Weights, features: tuple[str, ...], rows: Floats) -> Predictor:
    """A predictor over these features; ExportError where the model reads others.

    rows: f8[F, N] it was asked about, of which a network's importance is measured.
    """
    try:
        model = _MAKERS[words.kind](words, rows)
    except (ModelError, ValueError) as error:
        raise ExportError(f"the exported {words.kind} model cannot be read: {error}") from error
    _check(tuple(model.features), features)
    return model


def _check(reads: tuple[str, ...], made: tuple[str, ...]) -> None:
    if len(reads) != len(made):
        raise ExportError(
            f"the model reads {amount(len(reads), 'feature')}, the dataset makes {len(made)}: "
            "it was trained on another dataset"
        )
    for place, (read, given) in enumerate(zip(reads, made, strict=True)):
        if read != given:
            raise ExportError(
                f"feature {place} of the model is {read!r}, of the dataset {given!r}: it was trained on another dataset"
            )


def _lightgbm(words: LightGBMWords, rows: Floats) -> Predictor:
    del rows
    return LightGBMModel(words.text)


def _lasso(words: LassoWords, rows: Floats) -> Predictor:
    del rows
    if len(words.coefficients) != len(words.features):
        raise ValueError(f"{len(words.coefficients)} coefficients for {len(words.features)} features")
    layer = np.array([words.coefficients], np.float64), np.array([words.intercept], np.float64)
    return LinearModel(words.features, Dense.of(_as_they_are(len(words.features)), (layer,)))


def _mlp(words: MlpWords, rows: Floats) -> Predictor:
    layers, activation = folded(words.layers)
    if layers[0][0].shape[1] != len(words.features):
        raise ValueError(f"{layers[0][0].shape[1]} inputs for {len(words.features)} features")
    network = Dense.of(_as_they_are(len(words.features)), layers, activation)
    gradient = gradient_of(layers, activation, np.nan_to_num(rows, posinf=0.0, neginf=0.0))
    return MlpModel(words.features, network, {"permutation": _moves(network, rows), "gradient": gradient})


def _moves(network: Dense, rows: Floats) -> Floats:
    """Mean square of how far answers move when one feature goes round by a row: f8[F]."""
    whole, found = network.score(rows)[0], np.zeros(len(rows))
    for place in range(len(rows)):
        moved = rows.copy()
        moved[place] = np.roll(rows[place], 1)
        found[place] = np.mean((network.score(moved)[0] - whole) ** 2) if whole.size else 0.0
    return found


def _as_they_are(count: int) -> Scaling:
    return Scaling(np.zeros(count), np.ones(count), _UNLIMITED)


_MAKERS: Mapping[str, Callable[[Any, Floats], Predictor]] = MappingProxyType(
    {"lightgbm": _lightgbm, "lasso": _lasso, "mlp": _mlp}
)
