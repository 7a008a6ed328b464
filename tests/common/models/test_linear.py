"""Linear models: what scikit-learn fits, in our own sum; arrays and nothing else in the file."""

from io import BytesIO

import numpy as np
import pytest

from common.errors import BundleError, ModelError
from common.models.arrays import encode_arrays
from common.models.libraries import library
from common.models.linear import FILE, LinearModel
from common.models.predictor import Samples
from tests.common.models.sample_bundle import NAMES, samples

ALPHA = 0.05


def _fit(train: Samples, validation: Samples | None = None, **parameters: object) -> LinearModel:
    return LinearModel.fit(train, validation or train, NAMES, parameters, lambda _done, _most: None)


@pytest.mark.parametrize(
    ("penalty", "oracle"),
    [
        ("ridge", ("Ridge", {"alpha": ALPHA * 300})),
        ("lasso", ("Lasso", {"alpha": ALPHA, "tol": 1e-10})),
        ("elastic_net", ("ElasticNet", {"alpha": ALPHA, "l1_ratio": 0.3, "tol": 1e-10})),
    ],
)
def test_each_penalty_is_scikit_learns(penalty: str, oracle: tuple[str, dict[str, float]]) -> None:
    """On scaled features with the mean for what is missing, its predictions are the estimator's."""
    train = samples(300)
    model = _fit(train, penalty=penalty, alpha=ALPHA, l1_ratio=0.3, tolerance=1e-10)
    rows = np.where(np.isnan(train.features), np.nanmean(train.features, axis=1)[:, None], train.features).T
    scaled = (rows - np.nanmean(train.features, axis=1)) / np.nanstd(train.features, axis=1)
    name, arguments = oracle
    estimator = getattr(library("sklearn.linear_model"), name)(**arguments)
    expected = estimator.fit(scaled, train.labels).predict(scaled)
    np.testing.assert_allclose(model.predict(train.features), expected, rtol=1e-7, atol=1e-9)


def test_of_several_strengths_the_validation_rows_choose() -> None:
    """The weakest where the signal stays, the strongest where it turns round."""
    train, same, turned = samples(200), samples(200, seed=6), samples(200, seed=7)
    train.labels[...], same.labels[...] = train.features[0], same.features[0]
    turned.labels[...] = -turned.features[0]
    assert _fit(train, same, alpha=[1e-4, 1e4]).coefficients[0] > 0.9
    assert _fit(train, turned, alpha=[1e-4, 1e4]).coefficients[0] < 1e-3


def test_an_outlier_counts_as_far_as_the_clip() -> None:
    """A thousand deviations are no more than three."""
    model = _fit(samples(300), clip=3.0)
    features = np.zeros((3, 2))
    features[0] = (1e3, 1e6)
    far, farther = model.predict(features)
    assert far == farther


def test_a_feature_that_never_changes_says_nothing() -> None:
    """Its coefficient is zero, and another value later moves no score."""
    train = samples(300)
    train.features[1] = 5.0
    model = _fit(train)
    assert model.network.scaling.factor[1] == model.coefficients[1] == 0.0
    first, second = (model.predict(np.array([[0.1], [value], [0.2]])) for value in (5.0, 9.0))
    np.testing.assert_array_equal(first, second)


def test_what_does_not_settle_is_told() -> None:
    """Instead of coefficients that are half way."""
    with pytest.raises(ModelError, match="more iterations"):
        _fit(samples(300), penalty="lasso", alpha=1e-9, iterations=1, tolerance=1e-12)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"penalty": "rigde"}, "penalty"),
        ({"alpha": -1.0}, "alpha = -1.0 of kind 'linear': should be greater than 0$"),
        ({"alpha": [1, -2]}, r"alpha = \[1, -2\] of kind 'linear': number 2, -2, should be greater than 0$"),
        ({"alpha": "much"}, "alpha = 'much' of kind 'linear': should be a valid number or should be a list of such"),
        ({"alpha": []}, r"alpha = \[\] of kind 'linear': at least one number"),
        ({"l1_ratio": 1.5}, "l1_ratio"),
        ({"clip": float("inf")}, "clip"),
    ],
)
def test_a_wrong_value_is_refused(given: dict[str, object], told: str) -> None:
    """Naming the parameter and the value."""
    with pytest.raises(ModelError, match=f"parameter {told}"):
        LinearModel.settings(given)


def test_numpy_reads_the_file_without_pickle() -> None:
    """It is a plain archive of arrays."""
    (body,) = (content for name, content in _fit(samples(300)).save().items() if name == FILE)
    with np.load(BytesIO(body), allow_pickle=False) as found:
        assert set(found) == {"mean", "factor", "coefficients", "clip", "intercept"}


def test_a_number_that_is_none_is_refused() -> None:
    """Weights are finite, and of the features' shape."""
    model = _fit(samples(300))
    files = model.save()
    arrays = {"mean": np.zeros(3), "factor": np.zeros(3), "coefficients": np.full(3, np.nan)}
    for wrong in ({}, {"coefficients": np.zeros(4)}, {"more": np.zeros(1)}):
        body = encode_arrays({**arrays, "clip": np.ones(1), "intercept": np.ones(1), **wrong})
        with pytest.raises(BundleError, match=FILE):
            LinearModel.load({**files, FILE: body}, NAMES)


def test_damage_is_refused_or_harmless() -> None:
    """A thousand flipped bits and every truncation: an error of ours or a model, and nothing else."""
    files = _fit(samples(300)).save()
    body = files[FILE]
    random = np.random.default_rng(11)
    loaded = 0
    for bit in random.integers(0, 8 * len(body), 1000):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        loaded += _loads({**files, FILE: bytes(flipped)})
    assert loaded < 400
    assert not any(_loads({**files, FILE: body[:length]}) for length in range(len(body)))


def _loads(files: dict[str, bytes]) -> bool:
    try:
        LinearModel.load(files, NAMES)
    except BundleError:
        return False
    return True
