"""Buckets, their returns and their turnover, against definitions written out plainly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from common.research.analysis.quantiles import NOWHERE, mean_returns, quantiles, rank_autocorrelation, turnover

Floats = NDArray[np.float64]

panels = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 12)), elements=st.sampled_from(
    [np.nan, -2.0, -1.0, -0.5, 0.0, 0.25, 1.0, 3.0, 1e6]
))  # fmt: skip


@settings(deadline=None)
@given(panels, st.integers(2, 5))
def test_a_bucket_is_the_number_of_edges_below_the_value(values: Floats, count: int) -> None:
    """Edges are the section's own quantiles; ties share a bucket, NaN has none, a small section has none at all."""
    for row, found in zip(values, quantiles(values, count), strict=True):
        known = row[np.isfinite(row)]
        for value, bucket in zip(row, found, strict=True):
            if known.size < count or np.isnan(value):
                assert bucket == NOWHERE
            else:
                edges = [np.quantile(known, part / count) for part in range(1, count)]
                assert bucket == sum(bool(value > edge) for edge in edges)


@pytest.mark.parametrize(("count", "size"), [(5, 21), (5, 501), (7, 22), (7, 29), (10, 101), (14, 29)])
def test_a_value_at_an_edge_is_in_the_lower_bucket(count: int, size: int) -> None:
    """Also where the edge's share is no binary number: distinct values, by whole numbers alone."""
    expected = [sum(place * count > part * (size - 1) for part in range(1, count)) for place in range(size)]
    assert quantiles(np.arange(float(size))[None], count)[0].tolist() == expected


def test_equal_buckets_of_distinct_values() -> None:
    """Ten values in five buckets: two each, the smallest first."""
    values = np.array([[9.0, 0.0, 8.0, 1.0, 7.0, 2.0, 6.0, 3.0, 5.0, 4.0]])
    assert quantiles(values, 5).tolist() == [[4, 0, 4, 0, 3, 1, 3, 1, 2, 2]]


@settings(deadline=None)
@given(panels, st.integers(2, 4), st.randoms(use_true_random=False))
def test_returns_of_buckets_are_means_less_the_sections(values: Floats, count: int, random: object) -> None:
    """Only symbols with a bucket and a return count, for the bucket's mean and for the section's."""
    generator = np.random.default_rng(random.randrange(2**32))  # type: ignore[attr-defined]
    returns = np.where(generator.random(values.shape) < 0.2, np.nan, generator.standard_normal(values.shape))
    buckets = quantiles(values, count)
    for placed, earned, found in zip(buckets, returns, mean_returns(buckets, returns, count), strict=True):
        both = [(int(b), float(r)) for b, r in zip(placed, earned, strict=True) if b != NOWHERE and np.isfinite(r)]
        for bucket in range(count):
            own = [r for b, r in both if b == bucket]
            if own:
                assert found[bucket] == pytest.approx(np.mean(own) - np.mean([r for _, r in both]), abs=1e-12)
            else:
                assert np.isnan(found[bucket])


def test_turnover_counts_who_was_elsewhere_or_nowhere() -> None:
    """One of two members stayed, the other was not in any bucket before: half is new."""
    buckets = np.array([[0, 0, 1, 1, -1], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0]])
    found = turnover(buckets, 2, 1)
    assert np.isnan(found[0]).all()
    assert found[1].tolist() == [0.5, pytest.approx(1 / 3)]
    assert found[2].tolist() == [0.0, 0.0]
    assert np.isnan(turnover(buckets, 2, 2)[:2]).all()


def test_ranks_that_stay_correlate_fully_and_ranks_that_turn_inversely() -> None:
    """The same order is +1 whatever the values, the reverse is -1; the first sections have nothing before them."""
    values = np.array([[1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 99.0], [4.0, 3.0, 2.0, 1.0]])
    found = rank_autocorrelation(values, 1)
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx([1.0, -1.0])
