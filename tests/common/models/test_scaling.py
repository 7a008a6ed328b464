"""Scaling: by the finite values, clipped, 0 where there is nothing to say; for any number a feature may be."""

import numpy as np

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


def test_it_changes_nothing_in_place() -> None:
    """The section belongs to whoever asks."""
    features = np.random.default_rng(1).standard_normal((3, 9))
    before = features.tobytes()
    Scaling.fit(features, 1.0).apply(features)
    assert features.tobytes() == before
