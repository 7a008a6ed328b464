"""Probing rows hold every value at which a forest could go wrong, and lie where its thresholds are."""

import numpy as np
import pytest

from common.models.bits import equal_bits
from common.models.trees.probes import count_differing, probe_rows
from common.models.trees.scorer import TreeScorer
from common.models.trees.text import Floats, read_text
from tests.common.models.forests import block_of, made_up, text_of


def probes(text: str, rows: int = 1000) -> Floats:
    """Of a text's forest."""
    scorer = TreeScorer.read(text)
    return probe_rows(scorer.planes, scorer.features, np.random.default_rng(1), rows)


def thresholds(text: str, feature: int) -> Floats:
    """All that a feature is split by, sets of categories aside."""
    found = [tree.threshold[(tree.feature == feature) & (tree.decision & 1 == 0)] for tree in read_text(text).trees]
    return np.unique(np.concatenate(found))


@pytest.mark.parametrize("seed", range(4))
def test_every_threshold_stands_in_a_row_and_so_do_its_neighbours(seed: int) -> None:
    """Also where a feature has more of them than rows were asked for."""
    text = made_up(seed, trees=40, leaves=60)
    values = probes(text, 100)
    for feature in range(3):
        here = thresholds(text, feature)
        for wanted in (here, np.nextafter(here, -np.inf), np.nextafter(here, np.inf)):
            assert np.isin(wanted, values[feature]).all()


def test_there_are_as_many_rows_as_the_longest_list_and_no_fewer_than_asked() -> None:
    """Three for each threshold, and the extremes."""
    text = made_up(2, trees=200, leaves=60)
    longest = max(thresholds(text, feature).size for feature in range(3))
    assert longest > 1000
    assert 3 * longest <= probes(text).shape[1] < 3 * longest + 100
    assert probes(made_up(1, trees=1, leaves=3)).shape == (4, 1000)


def test_every_feature_has_every_extreme_and_few_infinities() -> None:
    """An infinity is no filling."""
    values = probes(text_of([block_of(0, 1, leaf_value=[1.0])]))
    for row in values:
        assert np.isnan(row).any()
        assert {0.0, np.inf, -np.inf, 1e300, -(2.0**31)} <= set(row.tolist())
        assert np.isinf(row).mean() < 0.15


def test_categories_in_and_around_a_set_are_there() -> None:
    """And between two of them, where LightGBM cuts."""
    lines = {
        "split_feature": [1.0], "threshold": [0.0], "decision_type": [1.0], "left_child": [-1.0],
        "right_child": [-2.0], "leaf_value": [1.0, 2.0], "cat_boundaries": [0.0, 3.0], "cat_threshold": [5.0, 6.0, 7.0],
    }  # fmt: skip
    values = probes(text_of([block_of(0, 2, **lines)]))
    assert np.isin(np.arange(-2.0, 98.0), values[1]).all()
    assert np.isin(np.arange(-2.0, 98.0) + 0.5, values[1]).all()


@pytest.mark.parametrize("scale", [1e-300, 1e-4, 1.0, 1e10, 1e300])
def test_what_is_drawn_lies_among_the_thresholds(scale: float) -> None:
    """Whatever their scale: most rows that are not special fall between the outermost ones or close by."""
    lines = {
        "split_feature": [0.0, 0.0], "threshold": [3.0 * scale, 5.0 * scale], "decision_type": [2.0, 2.0],
        "left_child": [-1.0, -2.0], "right_child": [1.0, -3.0], "leaf_value": [1.0, 2.0, 3.0],
    }  # fmt: skip
    row = probes(text_of([block_of(0, 3, **lines)]))[0]
    assert np.count_nonzero((row > 2.0 * scale) & (row < 6.0 * scale)) > 300


def test_rows_that_differ_in_any_way_count_once() -> None:
    """By a bit, or by their number."""
    expected = np.array([1.0, np.nan, 0.0, 4.0])
    other, zero = np.array([1.5, np.nan, 0.0, 4.0]), np.array([1.5, np.nan, -0.0, 4.0])
    assert equal_bits(expected, other).tolist() == [False, True, True, True]
    assert count_differing([expected, expected], expected) == 0
    assert count_differing([expected, other, zero], expected) == 2
    assert count_differing([expected[:2]], expected) == 4
