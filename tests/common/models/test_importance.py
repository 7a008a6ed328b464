"""Importance: sorted by size, measured by shuffling, drawn without anything from elsewhere."""

import re

import numpy as np
import pytest

from common.errors import ModelError
from common.models.importance import Importance, permutation_importance
from common.research.importance_plot import plot_importance, plot_page

NAMES = ("alpha", "beta", "gamma")
BOTH = Importance(NAMES, {"coefficient": np.array([0.5, -2.0, 0.0]), "count": np.array([3.0, 1.0, 2.0])})


def test_the_largest_in_size_stands_first() -> None:
    """By the first measure, or by the one asked for."""
    assert [name for name, _ in BOTH.table()] == ["beta", "alpha", "gamma"]
    assert [name for name, _ in BOTH.table("count")] == ["alpha", "gamma", "beta"]
    assert dict(BOTH.table())["beta"] == {"coefficient": -2.0, "count": 1.0}


def test_an_unknown_measure_gets_the_closest() -> None:
    """Did you mean."""
    with pytest.raises(ModelError, match="did you mean 'count'"):
        BOTH.measure("counts")


@pytest.mark.parametrize("measures", [{}, {"gain": np.zeros(2)}, {"gain": np.zeros((3, 1))}])
def test_a_measure_has_one_number_a_feature(
    measures: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]],
) -> None:
    """Another shape is refused at once."""
    with pytest.raises(ModelError, match="one number a feature"):
        Importance(NAMES, measures)


def test_shuffling_costs_what_a_feature_brings() -> None:
    """Twice the weight is four times the error, an unused feature costs nothing; the rows stay as they were."""
    random = np.random.default_rng(1)
    features = random.standard_normal((3, 5000))
    before = features.tobytes()
    found = permutation_importance(
        lambda rows: rows[0] + 2.0 * rows[1], features, features[0] + 2.0 * features[1], random
    )
    np.testing.assert_allclose(found, [2.0, 8.0, 0.0], rtol=0.1)
    assert features.tobytes() == before


def test_a_plot_has_a_panel_for_each_measure() -> None:
    """Bars in the table's order, at most as many as asked for."""
    figure = plot_importance(BOTH, "demo/1", most=2)
    assert [bar.name for bar in figure.data] == ["coefficient", "count"]
    assert [list(bar.y) for bar in figure.data] == [["beta", "alpha"]] * 2
    assert list(figure.data[0].x) == [-2.0, 0.5]


def test_a_page_loads_nothing() -> None:
    """The javascript is in it: no script, style or picture has an address."""
    page = plot_page(plot_importance(BOTH, "demo/1"))
    assert len(page) > 1_000_000
    assert re.findall(r"<(?:script|link|img|iframe)[^>]*\s(?:src|href)=", page) == []
