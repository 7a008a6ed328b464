"""Rows enough for so many features, by the rule that is named."""

import pytest

from common.research.sufficiency import ROWS_A_FEATURE, Sufficiency


@pytest.mark.parametrize(("rows", "enough"), [(ROWS_A_FEATURE * 4, True), (ROWS_A_FEATURE * 4 - 1, False), (0, False)])
def test_fifteen_rows_a_feature_are_enough(rows: int, *, enough: bool) -> None:
    """Of four features sixty."""
    assert Sufficiency(rows, 4).is_enough == enough
    assert Sufficiency(rows, 4).rows_a_feature == rows / 4


def test_a_model_without_features_has_rows_enough() -> None:
    """And nothing is divided by nought."""
    assert Sufficiency(100, 0).is_enough
