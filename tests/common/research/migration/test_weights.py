"""vnpy's fitted models in plain words, as models of ours."""

from typing import Any

import numpy as np
import pytest

from common.errors import ExportError
from common.research.migration.weights import model_of, read_weights

FEATURES = ("a", "b", "c")
ROWS = np.random.default_rng(1).normal(size=(3, 50))
LASSO = {"kind": "lasso", "features": FEATURES, "coefficients": [0.5, 0.0, -2.0], "intercept": 0.25, "parameters": {}}
HIDDEN = {"layer": "Linear", "weight": [[1.0, 0.0, 0.0], [0.0, -1.0, 2.0]], "bias": [0.0, 1.0]}
NORM = {
    "layer": "BatchNorm1d", "weight": [1.0, 2.0], "bias": [0.0, 1.0], "running_mean": [0.0, 0.5],
    "running_var": [1.0, 4.0], "eps": 0.0,
}  # fmt: skip
LEAKY = {"layer": "LeakyReLU", "negative_slope": 0.1}
LAST = {"layer": "Linear", "weight": [[1.0, -3.0]], "bias": [0.5]}


def mlp(*layers: dict[str, Any]) -> dict[str, Any]:
    """A network."""
    return {"kind": "mlp", "features": FEATURES, "layers": layers, "parameters": {}}


def test_a_lasso_is_a_sum() -> None:
    """Of coefficients times features as they are; one that is missing adds nothing."""
    model = model_of(read_weights(LASSO), FEATURES, ROWS)
    assert model.predict(ROWS) == pytest.approx(0.5 * ROWS[0] - 2.0 * ROWS[2] + 0.25, rel=1e-12)
    assert model.predict(np.array([[np.nan], [1e300], [1.0]])).tolist() == [-1.75]
    assert model.kind == "linear"


@pytest.mark.parametrize("activation", ["leaky", "silu"])
def test_a_network_is_its_layers(activation: str) -> None:
    """By hand, normalisation and activation and all."""
    bend = LEAKY if activation == "leaky" else {"layer": "SiLU"}
    model = model_of(read_weights(mlp(HIDDEN, NORM, bend, LAST)), FEATURES, ROWS)
    sums = np.array(HIDDEN["weight"]) @ ROWS + np.array([[0.0], [1.0]])
    sums = (sums - [[0.0], [0.5]]) / [[1.0], [2.0]] * [[1.0], [2.0]] + [[0.0], [1.0]]
    bent = np.where(sums > 0, sums, 0.1 * sums) if activation == "leaky" else sums / (1 + np.exp(-sums))
    assert model.predict(ROWS) == pytest.approx(bent[0] - 3.0 * bent[1] + 0.5, rel=1e-9)


def test_the_importance_of_a_network_is_measured_on_its_rows() -> None:
    """The gradient is the one that differences give; every feature matters to this one."""
    model = model_of(read_weights(mlp(HIDDEN, LEAKY, LAST)), FEATURES, ROWS)
    measures = model.detail().measures
    step = 1e-6
    for place in range(3):
        there = ROWS.copy()
        there[place] += step
        slope = np.abs(model.predict(there) - model.predict(ROWS)) / step
        assert measures["gradient"][place] == pytest.approx(slope.mean(), rel=1e-3)
    assert (measures["permutation"] > 0).all()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"kind": "forest"}, "does not match any of the expected tags"),
        ({**LASSO, "coefficients": [1.0, float("nan"), 0.0]}, "finite number"),
        ({**LASSO, "coefficients": [1.0]}, "1 coefficients for 3 features"),
        ({"kind": "lightgbm", "text": "tree\n", "parameters": {}}, "lightgbm model cannot be read"),
        (mlp(LAST), "2 inputs for 3 features"),
        (mlp(HIDDEN, LEAKY), "last layer must be a linear one"),
        (mlp(HIDDEN, LAST), "without an activation between"),
        (mlp(LEAKY, HIDDEN), "LeakyReLU follows no linear layer"),
        (mlp(HIDDEN, {**NORM, "weight": [1.0]}, LEAKY, LAST), "a normalisation of"),
        (mlp(HIDDEN, {**NORM, "running_var": [0.0, 1.0]}, LEAKY, LAST), "a variance that is not above 0"),
        (mlp(HIDDEN, LEAKY, {**LAST, "weight": [[1.0]]}), "a layer of 4 units is followed by one that reads 2"),
        (mlp({**HIDDEN, "bias": [0.0]}, LEAKY, LAST), "a linear layer has weights"),
    ],
)
def test_weights_that_make_no_model_are_told(words: dict[str, Any], told: str) -> None:
    """By kind and by what is wrong."""
    with pytest.raises(ExportError, match=told):
        model_of(read_weights(words), FEATURES, ROWS)


@pytest.mark.parametrize(
    ("features", "told"),
    [
        (("a", "b"), "reads 3 features, the dataset makes 2"),
        (("a", "c", "b"), "feature 1 of the model is 'b', of the dataset 'c'"),
    ],
)
def test_a_model_of_another_dataset_is_refused(features: tuple[str, ...], told: str) -> None:
    """Other features, or another order."""
    with pytest.raises(ExportError, match=told):
        model_of(read_weights(LASSO), features, ROWS)
