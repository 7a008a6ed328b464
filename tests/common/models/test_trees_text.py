"""Text models: what is not covered is refused by name, and what is broken never reaches a kernel."""

import numpy as np
import pytest

from common.errors import ModelError
from common.models.trees.scorer import TreeScorer
from common.models.trees.text import read_text
from tests.common.models.forests import block_of, made_up, text_of

STUMP: dict[str, list[float]] = {
    "split_feature": [0],
    "threshold": [0.5],
    "decision_type": [2],
    "left_child": [-1],
    "right_child": [-2],
    "leaf_value": [1.0, 2.0],
}
TWO: dict[str, list[float]] = {
    "split_feature": [0, 1],
    "threshold": [0.5, 0.25],
    "decision_type": [2, 2],
    "left_child": [1, -1],
    "right_child": [-3, -2],
    "leaf_value": [1.0, 2.0, 3.0],
}


@pytest.mark.parametrize(
    ("leaves", "lines", "told"),
    [
        (2, {"split_feature": [4]}, "not one of the 4"),
        (2, {"split_feature": [-1]}, "not one of the 4"),
        (2, {"threshold": [np.nan]}, "not a number"),
        (2, {"threshold": []}, "threshold has 0 values, expected 1"),
        (2, {"leaf_value": [1.0]}, "leaf_value has 1 value, expected 2"),
        (0, {}, "no leaf"),
        (2, {"left_child": [0]}, "each the child of one node"),
        (2, {"left_child": [-3]}, "each the child of one node"),
        (2, {"right_child": [-1]}, "each the child of one node"),
        (2, {"decision_type": [1], "threshold": [0.0]}, "a set that is not there"),
        (2, {"decision_type": [1], "threshold": [1.0], "cat_boundaries": [0, 1], "cat_threshold": [1]}, "not there"),
        (2, {"decision_type": [1], "threshold": [0.0], "cat_boundaries": [0, 2], "cat_threshold": [1]}, "overlap"),
        (2, {"decision_type": [1], "threshold": [0.0], "cat_boundaries": [1, 0], "cat_threshold": [1]}, "overlap"),
        (2, {"cat_boundaries": [0, 1], "cat_threshold": [1 << 32]}, "32 bits"),
    ],
)
def test_a_broken_tree_is_refused(leaves: int, lines: dict[str, list[float]], told: str) -> None:
    """With its number and what is wrong."""
    with pytest.raises(ModelError, match=told) as refused:
        read_text(text_of([block_of(0, 2, **STUMP), block_of(1, leaves, **{**STUMP, **lines})]))
    assert "tree 1" in str(refused.value)


def test_nodes_that_hang_on_each_other_are_refused() -> None:
    """Each has one parent, and still the root reaches none of them."""
    lines: dict[str, list[float]] = {**TWO, "left_child": [-1, 1], "right_child": [-2, -3]}
    with pytest.raises(ModelError, match="cannot be reached"):
        TreeScorer.read(text_of([block_of(0, 3, **lines)]))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("num_class=1", "num_class=3", "3 values a row"),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=2", "2 values a row"),
        ("is_linear=0", "is_linear=1", "tree 0: its leaves are linear"),
        ("objective=regression", "objective=multiclass num_class:3", "multiclass"),
        ("objective=regression", "objective=binary", "without a sigmoid"),
        ("objective=regression", "objective=binary sigmoid:x", "without a sigmoid"),
        ("objective=regression", "objective=unheard_of", "unheard_of"),
        ("max_feature_idx=3", "max_feature_idx=x", "max_feature_idx"),
        ("max_feature_idx=3\n", "", "max_feature_idx"),
        ("left_child=", "left_child=x ", "left_child"),
        ("threshold=", "threshold=1_0.5 ", "more than numbers"),
        ("max_feature_idx=3", "max_feature_idx=\u0663", "more than numbers"),
        ("objective=regression", "objective=binary sigmoid:-1", "above zero"),
        ("objective=regression", "objective=binary sigmoid:1_0", "above zero"),
    ],
)
def test_what_is_not_covered_is_refused(old: str, new: str, told: str) -> None:
    """By name, so that the log can say why LightGBM serves."""
    text = made_up(1, trees=2, leaves=9)
    assert old in text
    with pytest.raises(ModelError, match=told):
        TreeScorer.read(text.replace(old, new, 1))


def test_a_line_ends_where_lightgbm_ends_it() -> None:
    """By a line feed, a return or both; not by what else Unicode has for it, in a feature's name."""
    text = made_up(1, trees=2, leaves=9)
    named = text.replace("feature_names=f0", "feature_names=f0\u2028num_class=3\x0bobjective=multiclass")
    for other in (text.replace("\n", "\r\n"), text.replace("\n", "\r"), named):
        found = read_text(other)
        assert (found.objective, len(found.trees)) == ("regression", 2)


def test_spaces_around_a_number_are_none() -> None:
    """LightGBM skips them."""
    assert len(read_text(made_up(1, trees=2, leaves=9).replace("=1\n", "=1 \n")).trees) == 2


@pytest.mark.parametrize("text", ["", "tree\n", "\x00\x01", "Tree=0\nTree=0\n"])
def test_what_is_no_model_is_refused(text: str) -> None:
    """Never an error of another kind."""
    with pytest.raises(ModelError):
        TreeScorer.read(text)


def test_no_damaged_text_gets_past_the_reader() -> None:
    """One character changed anywhere: refused as a ModelError, or scored without leaving an array."""
    text, random = made_up(2, trees=3, leaves=6), np.random.default_rng(1)
    refused = 0
    for place in random.integers(0, len(text), 400):
        damaged = text[:place] + str(random.choice(list("0123456789-. =x\n"))) + text[place + 1 :]
        try:
            scorer = TreeScorer.read(damaged)
        except ModelError:
            refused += 1
            continue
        assert scorer.predict(np.zeros((scorer.features, 20))).shape == (20,)
    assert refused > 100
