"""Multi-layer perceptron: what torch learns, scored without torch; the best weights kept; tensors and nothing else."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from common.errors import BundleError, ModelError
from common.models.dense import ACTIVATIONS, Dense
from common.models.libraries import library
from common.models.mlp import FILE, MlpModel
from common.models.mlp_parameters import MlpParameters
from common.models.mlp_training import train_network
from common.models.predictor import Samples
from common.models.scaling import Floats, Scaling
from tests.common.models.sample_bundle import NAMES, QUICK, samples

# Of a tensor, so that torch is imported only when a test runs.
ORACLES: dict[str, Callable[[Any], Any]] = {
    "identity": lambda values: values,
    "relu": lambda values: values.relu(),
    "silu": lambda values: values * values.sigmoid(),
    "tanh": lambda values: values.tanh(),
}


def _fit(train: Samples, validation: Samples | None = None, **parameters: Any) -> MlpModel:
    given = {**QUICK["mlp"], **parameters}
    return MlpModel.fit(train, validation or samples(100, seed=2), NAMES, given, lambda _done, _most: None)


def _outputs(values: Floats, weights: Floats, bias: Floats, activation: str = "identity") -> Floats:
    """Of one layer: the scaling changes nothing, and the last layer hands on what it is given."""
    scaling = Scaling(np.zeros(len(values)), np.ones(len(values)), np.inf)
    last = np.eye(len(bias)), np.zeros(len(bias))
    return Dense.of(scaling, ((weights, bias), last), activation).score(values)


def test_every_activation_has_an_oracle() -> None:
    """A new one is compared, too."""
    assert set(ACTIVATIONS) == set(ORACLES)


def test_an_activation_that_there_is_not_is_refused_when_a_network_is_made() -> None:
    """By name, and before anything is scored."""
    with pytest.raises(ModelError, match="no activation 'rely'; did you mean 'relu'"):
        Dense.of(Scaling(np.zeros(1), np.ones(1), 1.0), ((np.ones((1, 1)), np.zeros(1)),), "rely")


@pytest.mark.parametrize(("activation", "inputs", "rows"), [*product(ORACLES, (0, 1, 4, 7, 158), (1, 5, 129, 300))])
def test_a_layer_is_torchs(activation: str, inputs: int, rows: int) -> None:
    """Weights times inputs, bias, activation: in 64 bits the same to rounding, whatever the sizes."""
    random = np.random.default_rng(3)
    weights, bias = random.standard_normal((6, inputs)), random.standard_normal(6)
    values = random.standard_normal((inputs, rows))
    expected = ORACLES[activation](library("torch").from_numpy(weights @ values + bias[:, None])).numpy()
    np.testing.assert_allclose(_outputs(values, weights, bias, activation), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("units", "inputs"), [*product((1, 2, 4, 7), (1, 4, 11))])
def test_a_sum_goes_in_the_order_of_the_inputs(units: int, inputs: int) -> None:
    """Bias first, then one product after the other, each rounded: nothing is fused or regrouped."""
    random = np.random.default_rng(4)
    weights, bias = random.standard_normal((units, inputs)), random.standard_normal(units)
    values = random.standard_normal((inputs, 7))
    expected = np.repeat(bias[:, None], 7, axis=1)
    for place in range(inputs):
        expected = expected + weights[:, place, None] * values[place]
    np.testing.assert_array_equal(_outputs(values, weights, bias), expected)


def test_a_row_keeps_its_bits_in_any_company_and_memory() -> None:
    """Alone, among more than a tile of others, read only, out of line, by row, with its bytes swapped."""
    model, features = _fit(samples(300)), samples(300, seed=4).features
    whole = model.predict(features)
    np.testing.assert_array_equal([model.predict(features[:, [row]])[0] for row in range(300)], whole)
    fixed = features.copy()
    fixed.flags.writeable = False
    for other in (fixed, np.asfortranarray(features), features.astype(">f8"), features[:, ::-1]):
        expected = whole[::-1] if other.strides[1] < 0 else whole
        np.testing.assert_array_equal(model.predict(other), expected)
    assert model.predict(features[:, :0]).shape == (0,)
    with pytest.raises(ModelError, match="the model takes"):
        model.predict(features[:2])


@pytest.mark.parametrize(
    "given",
    [
        {"hidden": []},
        {"hidden": [3]},
        {"hidden": [9, 7, 5], "activation": "silu"},
        {"activation": "tanh", "dropout": 0.5},
        {"loss": "mae"},
        {"loss": "huber"},
        {"optimiser": "adam"},
        {"optimiser": "sgd", "learning_rate": 1e-2},
    ],
)
def test_it_learns_with_any_setting(given: dict[str, Any]) -> None:
    """Scores of unseen rows go with their labels."""
    model = _fit(samples(2000), **{"epochs": 20, "learning_rate": 1e-2, **given})
    unseen = samples(500, seed=3)
    assert np.corrcoef(model.predict(unseen.features), unseen.labels)[0, 1] > 0.5


def test_labels_are_learnt_in_their_own_unit() -> None:
    """Returns of a thousandth around a tenth are learnt like numbers of order one."""
    small = samples(2000)
    small.labels[...] = 0.1 + 1e-3 * small.labels
    unseen = samples(500, seed=3)
    scores = _fit(small, Samples(unseen.features, 0.1 + 1e-3 * unseen.labels), epochs=10).predict(unseen.features)
    assert abs(scores.mean() - 0.1) < 1e-3
    assert np.corrcoef(scores, unseen.labels)[0, 1] > 0.5


def test_the_best_weights_are_kept() -> None:
    """Where validation turns against training the first epoch is best: more epochs give the same weights."""
    turned = samples(100, seed=2)
    turned.labels[...] = -turned.features[0] * 3.0
    steps: list[int] = []
    model = MlpModel.fit(
        samples(300),
        turned,
        NAMES,
        {**QUICK["mlp"], "epochs": 50, "patience": 4, "learning_rate": 1e-2},
        lambda done, _most: steps.append(done),
    )
    assert steps == [1, 2, 3, 4, 5]
    once = _fit(samples(300), turned, epochs=1, learning_rate=1e-2)
    np.testing.assert_array_equal(model.predict(turned.features), once.predict(turned.features))


def test_another_seed_gives_another_model() -> None:
    """The seed reaches the weights, the order of the rows and what is dropped."""
    assert _fit(samples(300), seed=1).save() != _fit(samples(300), seed=2).save()


def test_torch_is_left_as_it_was() -> None:
    """Neither its random numbers nor its threads are another's business."""
    torch = library("torch")
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    _fit(samples(300), threads=1)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_a_training_that_runs_away_is_told() -> None:
    """No weights that are no numbers."""
    with pytest.raises(ModelError, match="lower learning_rate"):
        _fit(samples(300), optimiser="sgd", learning_rate=1e30, epochs=5)


def test_gradients_are_torchs() -> None:
    """Of a linear network they are the weights' size, in units of the labels."""
    chosen = MlpParameters(hidden=(), epochs=5)
    scaled = Samples(np.nan_to_num(samples(300).features), samples(300).labels * 10.0)
    network = train_network(scaled, scaled, chosen, lambda _done, _most: None)
    np.testing.assert_allclose(network.gradient, np.abs(network.layers[0][0][0]), rtol=1e-5)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"hidden": [64, 0]}, r"hidden = \[64, 0\] of kind 'mlp': number 2, 0, should be greater than or equal to 1"),
        ({"hidden": "many"}, "hidden"),
        ({"activation": "relo"}, "activation"),
        ({"loss": "ic"}, "loss"),
        ({"optimiser": "adan"}, "optimiser"),
        ({"dropout": 1.0}, "dropout"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_a_wrong_value_is_refused(given: dict[str, object], told: str) -> None:
    """Naming the parameter and the value."""
    with pytest.raises(ModelError, match=f"parameter {told}"):
        MlpModel.settings(given)


def test_the_file_is_plain_tensors() -> None:
    """Read by the library for them: 64-bit numbers, each of the shape that the network says."""
    found = library("safetensors.numpy").load(_fit(samples(300)).save()[FILE])
    assert {name: values.shape for name, values in found.items() if "_" in name} == {
        "weights_0": (8, 3),
        "bias_0": (8,),
        "weights_1": (5, 8),
        "bias_1": (5,),
        "weights_2": (1, 5),
        "bias_2": (1,),
    }
    assert {str(values.dtype) for values in found.values()} == {"float64"}


@pytest.mark.parametrize(
    "changed",
    [
        {"weights_0": np.zeros((8, 4))},
        {"weights_0": np.full((8, 3), np.inf)},
        {"weights_0": np.zeros((8, 3), np.float32)},
        {"weights_9": np.zeros((8, 3))},
        {"mean": np.zeros(4)},
    ],
)
def test_other_tensors_are_refused(changed: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]) -> None:
    """Another shape, another type, no number, one too many."""
    tensors = library("safetensors.numpy")
    files = _fit(samples(300)).save()
    body = tensors.save({**tensors.load(files[FILE]), **changed})
    with pytest.raises(BundleError, match=FILE):
        MlpModel.load({**files, FILE: body}, NAMES)


def test_damage_is_refused_or_harmless() -> None:
    """A thousand flipped bits and every truncation: an error of ours or a model, and nothing else."""
    files = _fit(samples(300)).save()
    body = files[FILE]
    random = np.random.default_rng(11)
    for bit in random.integers(0, 8 * len(body), 1000):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        _loads({**files, FILE: bytes(flipped)})
    header = 8 + int.from_bytes(body[:8], "little")
    loaded = [_loads({**files, FILE: body[:length]}) for length in (*range(header), len(body) - 1)]
    assert not any(loaded)


def _loads(files: dict[str, bytes]) -> bool:
    try:
        MlpModel.load(files, NAMES)
    except BundleError:
        return False
    return True
