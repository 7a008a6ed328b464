"""Scaling: by the finite values, clipped, 0 where there is nothing to say; for any number a feature may be."""

import numpy as np
import pytest

from common.errors import BundleError
from common.models.scaling import Scaling


def test_it_centres_and_scales_the_finite_values() -> None:
    """Mean 0 and deviation 1 over the rows it was fitted on; what is missing is 0."""
    features = np.array([[1.0, 2.0, 3.0, np.nan, 4.0, np.inf]])
    scaled = Scaling.fit(features, 10.0).apply(features)[0]
    known = scaled[[0, 1, 2, 4]]
    np.testing.assert_allclose([known.mean(), known.std()], [0.0, 1.0], atol=1e-15)
    assert (scaled[3], scaled[5]) == (0.0, 10.0)


def test_what_says_nothing_is_zero_for_ever() -> None:
    """A constant, one that is nothing but rounding, one without a number, one beyond all numbers."""
    features = np.array([[5.0, 5.0], [1e9, np.nextafter(1e9, 2e9)], [np.nan, np.inf], [1e308, -1e308], [5e-324, 0.0]])
    scaling = Scaling.fit(features, 10.0)
    assert np.isfinite([scaling.mean, scaling.factor]).all()
    np.testing.assert_array_equal(scaling.factor, np.zeros(5))
    other = np.full((5, 3), [1e300, np.nan, -np.inf])
    np.testing.assert_array_equal(scaling.apply(other), np.zeros((5, 3)))


@pytest.mark.parametrize("clip", [0.0, -1.0, np.nan, -np.inf])
def test_a_clip_that_is_none_is_refused(clip: float) -> None:
    """All scores would be the same, or not numbers; a file may hold anything."""
    arrays = {"mean": np.zeros(2), "factor": np.ones(2), "clip": np.array([clip])}
    with pytest.raises(BundleError, match="expected a number above 0"):
        Scaling.of(arrays)
    assert Scaling.of({**arrays, "clip": np.array([0.5])}).clip == 0.5


def test_every_bit_is_that_of_the_formula() -> None:
    """Less the mean, times the factor, clipped, and only then 0 for what is missing; a zero keeps its sign."""
    random = np.random.default_rng(2)
    features = random.standard_normal((4, 300)) * 1e3
    features[random.random(features.shape) < 0.3] = np.nan
    features[:, :4] = (np.inf, -np.inf, 0.0, -0.0)
    scaling = Scaling(np.array([0.0, 1.0, -3.0, 0.0]), np.array([1.0, 1e-3, 0.7, 0.0]), 2.5)
    with np.errstate(invalid="ignore"):
        expected = np.clip((features - scaling.mean[:, None]) * scaling.factor[:, None], -2.5, 2.5)
    expected[np.isnan(expected)] = 0.0
    np.testing.assert_array_equal(scaling.apply(features).view(np.int64), expected.view(np.int64))


def test_it_changes_nothing_in_place() -> None:
    """The section belongs to whoever asks."""
    features = np.random.default_rng(1).standard_normal((3, 9))
    before = features.tobytes()
    Scaling.fit(features, 1.0).apply(features)
    assert features.tobytes() == before
