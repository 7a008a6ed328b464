"""Many durations, three figures."""

import pytest

from scripts.bench.spread import Spread


def test_quantiles_are_measurements() -> None:
    """Of 1 to 1,000 ms in any order: the 501st, the 991st, the last."""
    assert Spread.of([number * 1_000_000 for number in range(1000, 0, -1)]) == Spread(501.0, 991.0, 1000.0, 1000)


def test_one_measurement_is_all_three() -> None:
    """A single one, or a negative one, is taken as it is."""
    assert Spread.of([-2_500_000]) == Spread(-2.5, -2.5, -2.5, 1)


def test_nothing_measured_is_an_error() -> None:
    """It is never a zero."""
    with pytest.raises(ValueError, match="nothing was measured"):
        Spread.of([])
