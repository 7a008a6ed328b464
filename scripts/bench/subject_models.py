"""Synthetic models of every kind, as large as asked: their numbers mean nothing, their work is real."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.models.dense import Dense
from common.models.lightgbm import LightGBMModel
from common.models.linear import LinearModel
from common.models.mlp import MlpModel
from common.models.predictor import Samples
from common.models.scaling import Scaling

Floats = NDArray[np.float64]

LEAVES = 31
TRAINING_ROWS = 4000
CLIP = 10.0


def boosted(features: int, trees: int, random: np.random.Generator, step: Callable[[], None]) -> LightGBMModel:
    """Trees grown on noise, `step` called for each. All are kept: what validates is what was learnt from."""
    inputs = random.standard_normal((features, TRAINING_ROWS))
    noise = Samples(inputs, inputs[0] + random.standard_normal(TRAINING_ROWS))
    settings: dict[str, Any] = {
        "rounds": trees,
        "patience": trees,
        "num_leaves": LEAVES,
        "min_data_in_leaf": 5,
        "feature_fraction": 1.0,
        "bagging_fraction": 1.0,
        "lambda_l2": 0.0,
        "seed": 1,
    }
    return LightGBMModel.fit(noise, noise, _names(features), settings, lambda _done, _most: step())


def linear(features: int, random: np.random.Generator) -> LinearModel:
    """One layer of one unit."""
    return LinearModel(_names(features), _network(features, (), random))


def perceptron(features: int, hidden: Sequence[int], random: np.random.Generator) -> MlpModel:
    """Hidden layers with relu."""
    importance = {"permutation": np.zeros(features), "gradient": np.zeros(features)}
    return MlpModel(_names(features), _network(features, hidden, random), importance)


def _network(features: int, hidden: Sequence[int], random: np.random.Generator) -> Dense:
    scaling = Scaling(random.standard_normal(features), 0.5 + random.random(features), CLIP)
    layers = tuple(
        (random.standard_normal((after, before)) / np.sqrt(before), random.standard_normal(after))
        for before, after in pairwise((features, *hidden, 1))
    )
    return Dense.of(scaling, layers, "relu" if hidden else "identity")


def _names(features: int) -> tuple[str, ...]:
    return tuple(f"feature_{number}" for number in range(features))
