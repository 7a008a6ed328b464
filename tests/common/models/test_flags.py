"""The one rule of flags, over every combination of what it knows."""

from itertools import product

import numpy as np
import pytest

from alphabus.messages import Flag
from common.models.flags import Standing, count_finite

NAMES = (Flag.NOT_MEMBER, Flag.NO_BAR, Flag.COLD, Flag.FEW_FEATURES, Flag.OK)
MARKS = np.array(list(product((0, 1), repeat=3)), np.uint8).T
FINITE = (0, 1, 2, 3, 4)


@pytest.mark.parametrize("fewest", [0.0, 2.0, 3.0, 4.0])
@pytest.mark.parametrize("kind", [np.uint8, np.bool_])
def test_the_first_that_is_missing_names_the_flag(fewest: float, kind: type[np.generic]) -> None:
    """Every combination of marks with every number of finite features, left out by a processor or not."""
    marks = np.repeat(MARKS, 2 * len(FINITE), axis=1).astype(kind)
    finite, silent = np.tile(np.repeat(FINITE, 2), 8), np.tile((False, True), marks.shape[1] // 2)
    enough = (finite >= fewest) & ~silent
    lacking = [*(marks == 0), ~enough, np.ones_like(enough)]
    expected = [NAMES[place] for place in np.argmax(lacking, axis=0)]
    found = Standing(*marks).flags(finite, fewest, silent)
    assert found.tolist() == expected
    assert found.dtype == np.uint8


def test_many_sections_are_flagged_as_each_alone() -> None:
    """And without processors nobody is silent."""
    random = np.random.default_rng(1)
    marks, finite = random.integers(0, 2, (3, 6, 5)), random.integers(0, 4, (6, 5))
    whole = Standing(*marks).flags(finite, 2.0)
    alone = [
        Standing(*(mark[row] for mark in marks)).flags(finite[row], 2.0, np.zeros(5, np.bool_)) for row in range(6)
    ]
    np.testing.assert_array_equal(whole, alone)


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (158, 7), (300, 2, 5)])
def test_finite_features_are_counted(shape: tuple[int, ...]) -> None:
    """Of each symbol, in one section or many: NaN and infinity are none, and more than a byte counts are counted."""
    random = np.random.default_rng(2)
    features = random.choice([0.0, -0.0, 1e300, 5e-324], shape)
    features[random.random(shape) < 0.1] = np.nan
    features[random.random(shape) < 0.1] = -np.inf
    expected = np.zeros(shape[1:])
    for feature in features:
        expected += np.isfinite(feature)
    np.testing.assert_array_equal(count_finite(features), expected)
    whole = np.zeros(shape)
    assert (count_finite(whole) == shape[0]).all()
