"""Coefficients over time: months, and a t statistic that knows of overlap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from common.research.analysis.coefficients import by_month, coefficient_of, newey_west_t
from common.research.information import summarise

Floats = NDArray[np.float64]

DAY = 86_400 * 10**9
START = int(np.datetime64("2024-01-30", "ns").astype(np.int64))


@settings(deadline=None)
@given(arrays(np.float64, st.integers(3, 30), elements=st.floats(-1, 1, width=16)))
def test_without_overlap_it_is_the_plain_statistic(series: Floats) -> None:
    """No lags: mean over the standard error with n instead of n - 1 in the variance."""
    plain = summarise(series)
    found = newey_west_t(series, 0)
    if plain.std > 1e-9:
        assert found == pytest.approx(plain.t * np.sqrt(len(series) / (len(series) - 1)), rel=1e-9)


def test_overlap_lowers_what_repeats_itself() -> None:
    """Each coefficient said five times over is no more evidence than said once."""
    once = np.random.default_rng(1).normal(0.05, 0.1, 60)
    often = np.repeat(once, 5)
    assert newey_west_t(often, 0) > 2.0 * newey_west_t(once, 0)
    assert newey_west_t(often, 4) < 0.6 * newey_west_t(often, 0)


def test_the_weights_are_bartletts() -> None:
    """Three values, one lag, by hand: variance sum m² + 2 · (1 - 1/2) · sum m₁m₀."""
    moved = np.array([-1.0, 0.0, 1.0]) * 0.1
    series = moved + 0.2
    expected = 0.2 * 3 / np.sqrt(0.02 + 2 * 0.5 * float(np.sum(moved[1:] * moved[:-1])))
    assert newey_west_t(series, 1) == pytest.approx(expected)


def test_months_are_of_the_calendar_and_only_those_that_count() -> None:
    """A section without a coefficient is in no month; a month without any is not there."""
    stamp = START + DAY * np.arange(4)
    found = by_month(np.array([0.1, 0.3, np.nan, 0.5]), stamp)
    assert [(each.month, each.count) for each in found] == [("2024-01", 2), ("2024-02", 1)]
    assert [each.mean for each in found] == pytest.approx([0.2, 0.5])


def test_a_series_without_any_coefficient_says_nothing() -> None:
    """NaN, not zero: nothing was measured."""
    found = coefficient_of(np.full(3, np.nan), START + DAY * np.arange(3), 1)
    assert found.summary.count == 0
    assert np.isnan([found.ratio, found.t, found.positive, found.summary.mean]).all()
    assert found.months == ()
