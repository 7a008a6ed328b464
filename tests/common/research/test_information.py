"""Information coefficients against hand-made figures and scipy's."""

from math import isnan, nan, sqrt

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import rankdata, spearmanr  # type: ignore[import-untyped]

from common.research.information import centred_ranks, linear_ic, rank_ic, ranks, summarise


def test_ties_share_their_average_rank() -> None:
    """As scipy ranks them."""
    values = np.random.default_rng(1).integers(0, 9, 200).astype(np.float64)
    assert_array_equal(ranks(values), rankdata(values))


def test_centred_ranks_have_mean_zero_and_about_unit_variance() -> None:
    """For any distribution, and never further out than the square root of three."""
    scaled = centred_ranks(np.random.default_rng(1).standard_cauchy(1000))
    assert abs(scaled.mean()) < 1e-12
    assert abs(scaled.std() - 1.0) < 1e-3
    assert np.abs(scaled).max() < sqrt(3.0)


def test_rank_ic_is_spearmans_per_section() -> None:
    """With ties, and pairs left out where either is missing."""
    random = np.random.default_rng(1)
    values = random.integers(0, 20, (30, 50)).astype(np.float64)
    labels = values + 10.0 * random.standard_normal((30, 50))
    values[random.random((30, 50)) < 0.1] = np.nan
    labels[random.random((30, 50)) < 0.1] = np.inf
    expected = [
        spearmanr(row[known], label[known]).statistic
        for row, label in zip(values, labels, strict=True)
        for known in [np.isfinite(row) & np.isfinite(label)]
    ]
    assert_allclose(rank_ic(values, labels), expected, rtol=0, atol=1e-12)


def test_linear_ic_is_pearsons_per_section() -> None:
    """Against numpy's."""
    random = np.random.default_rng(2)
    values, labels = random.standard_normal((2, 5, 40))
    expected = [np.corrcoef(row, label)[0, 1] for row, label in zip(values, labels, strict=True)]
    assert_allclose(linear_ic(values, labels), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("values", "labels"),
    [([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]), ([1.0, 2.0, nan], [1.0, 2.0, 3.0]), ([nan] * 3, [nan] * 3), ([], [])],
)
def test_what_cannot_be_said_is_nan(values: list[float], labels: list[float]) -> None:
    """No variation, fewer than three pairs, nothing at all."""
    assert isnan(rank_ic(np.array([values]), np.array([labels]))[0])
    assert isnan(linear_ic(np.array([values]), np.array([labels]))[0])


def test_perfect_order_is_one_and_reverse_minus_one() -> None:
    """Whatever the distances."""
    values = np.array([[1.0, 2.0, 4.0, 8.0]])
    assert_allclose(rank_ic(values, np.exp(values)), [1.0])
    assert_allclose(rank_ic(values, -values), [-1.0])


def test_the_summary_leaves_out_what_is_nan() -> None:
    """Mean, deviation with n - 1, t, count."""
    summary = summarise(np.array([0.1, nan, 0.3]))
    assert (summary.mean, summary.count) == (0.2, 2)
    assert_allclose([summary.std, summary.t], [sqrt(0.02), 0.2 / sqrt(0.02) * sqrt(2.0)])


@pytest.mark.parametrize("series", [[], [nan], [0.5], [0.5, 0.5]])
def test_a_summary_of_too_little_has_no_t(series: list[float]) -> None:
    """Not infinity, and no warning."""
    assert isnan(summarise(np.array(series)).t)
