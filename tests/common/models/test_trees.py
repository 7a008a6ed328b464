"""Our trees have LightGBM's bits: for forests made up and grown, rows of every kind, few and many."""

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import ModelError
from common.models.trees.probes import probe_rows
from common.models.trees.scorer import TreeScorer
from common.models.trees.text import read_text
from tests.common.models.forests import by_lightgbm, made_up, same_bits, text_of

GOLDEN = Path(__file__).parent / "golden"

OBJECTIVES = (
    "regression", "regression sqrt", "regression_l1", "huber", "fair", "quantile", "mape", "poisson", "gamma",
    "tweedie", "binary sigmoid:1", "binary sigmoid:0.7", "cross_entropy", "cross_entropy_lambda", "lambdarank",
    "rank_xendcg", "custom", "",
)  # fmt: skip


def agree(text: str, *, rows: int = 300, seed: int = 1) -> TreeScorer:
    """Compare all ways to score with LightGBM, on rows that try this forest."""
    scorer = TreeScorer.read(text)
    values = probe_rows(scorer.planes, scorer.features, np.random.default_rng(seed), rows)
    expected = by_lightgbm(text, values)
    same_bits(scorer.predict(values), expected)
    same_bits(scorer.walk(values), expected)
    for tile in (16, 256):
        same_bits(scorer.rule_out(values, tile), expected)
    return scorer


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    trees=st.integers(0, 12),
    leaves=st.sampled_from([1, 2, 3, 16, 31, 32, 33, 64, 65, 200, 512]),
    features=st.integers(1, 6),
)
def test_a_forest_of_any_shape(seed: int, trees: int, leaves: int, features: int) -> None:
    """Any threshold, zero, infinity or neighbour of them, any way with missing values, any set of categories."""
    agree(made_up(seed, trees=trees, leaves=leaves, features=features), seed=seed)


RANKING = {"lambdarank", "rank_xendcg"}
NO_BOUNDS = {"regression_l1", "quantile", "mape"}
"""LightGBM grows these without monotone constraints."""

FITS = st.fixed_dictionaries(
    {
        "objective": st.sampled_from([*sorted({name.split()[0] for name in OBJECTIVES if name} - {"custom"})]),
        "reg_sqrt": st.booleans(),
        "boosting": st.sampled_from(["gbdt", "rf", "dart"]),
        "num_leaves": st.sampled_from([2, 7, 31, 64, 130, 512]),
        "max_depth": st.sampled_from([-1, 2, 9]),
        "use_missing": st.booleans(),
        "zero_as_missing": st.booleans(),
        "bagging_freq": st.just(1),
        "bagging_fraction": st.just(0.7),
    }
)
SCALES = (1e-300, 1e-35, 1e-6, 1.0, 1e12, 1e300)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    fit=FITS,
    third=st.sampled_from(["categorical", "monotone", "plain"]),
    scale=st.sampled_from(SCALES),
)
def test_a_forest_grown_on_data(seed: int, fit: dict[str, Any], third: str, scale: float) -> None:
    """What LightGBM itself makes of generated data under all kinds of settings."""
    bound = third == "monotone" and fit["objective"] not in NO_BOUNDS
    constraints = {"monotone_constraints": [1, -1, 0]} if bound else {}
    text = grown(seed, {**fit, **constraints}, scale=scale, categorical=third == "categorical")
    agree(text, seed=seed)


def grown(seed: int, fit: dict[str, Any], *, rows: int = 600, scale: float = 1.0, categorical: bool = False) -> str:
    """Train a few rounds on three features with holes, zeros and, if asked for, categories."""
    random = np.random.default_rng(seed)
    inputs = random.standard_normal((rows, 3)) * scale
    inputs[random.random(inputs.shape) < 0.1] = 0.0
    inputs[random.random(inputs.shape) < 0.1] = np.nan
    if categorical:
        inputs[:, 2] = random.integers(0, 70, rows)
    labels = np.nan_to_num(inputs[:, 0]) / scale + random.standard_normal(rows) + 3.0 * (inputs[:, 2] % 3 == 0)
    labels = 1.0 / (1.0 + np.exp(-labels)) > random.random(rows)
    # Gamma wants labels above zero; what ranks wants queries.
    labels = labels + 1.0 if fit.get("objective") == "gamma" else labels
    group = [20] * (rows // 20) if fit.get("objective") in RANKING else None
    fixed = {"min_data_in_leaf": 1, "min_data_per_group": 2, "verbosity": -1, "num_threads": 1, "seed": 1}
    sets = [2] if categorical else []
    data = lightgbm.Dataset(inputs, labels, group=group, categorical_feature=sets, params={"verbosity": -1})
    return lightgbm.train({**fixed, **fit}, data, 6).model_to_string()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_output_transform(objective: str) -> None:
    """Including sums so large that the exponential overflows."""
    agree(made_up(5, trees=9, leaves=20, objective=objective))


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.floats(1e-6, 1e6), st.decimals("0.001", "99", places=3).map(float), st.floats(1e-300, 1e300)))
def test_the_sigmoid_is_the_double_that_lightgbm_reads(slope: float) -> None:
    """Which is not always the closest one: one value in twenty-five differs."""
    agree(made_up(5, trees=3, leaves=8, objective=f"binary sigmoid:{slope:g}"), rows=100)


@pytest.mark.parametrize("slope", ["0.7", "1.7648", "2.26644", "5", "5.", "007.250", "1e-05", "3.5E+02", "1e50"])
def test_any_way_to_write_a_sigmoid(slope: str) -> None:
    """Fractions, exponents, zeros at both ends."""
    agree(made_up(5, trees=3, leaves=8, objective=f"binary sigmoid:{slope}"), rows=300)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_averaging_comes_before_the_transform(objective: str) -> None:
    """As in a random forest."""
    agree(
        made_up(6, trees=7, leaves=20, objective=objective).replace(
            "\nfeature_names", "\naverage_output\nfeature_names"
        )
    )


def test_a_feature_with_more_thresholds_than_a_byte_can_tell() -> None:
    """It is seen through several planes, in both kernels, missing values included."""
    text = grown(3, {"max_bin": 3000, "num_leaves": 512}, rows=4000)
    scorer = agree(text, rows=2000)
    assert np.diff(scorer.planes.first_plane).max() > 4


def test_heavy_tails_leave_the_grid_useless_and_the_bits_right() -> None:
    """Nearly all thresholds in one cell: the search halves its way."""
    text = grown(4, {"max_bin": 1000, "num_leaves": 200}, rows=3000)
    head, _, body = text.partition("Tree=0")
    lines = [
        "threshold=" + " ".join(f"{np.exp(20 * float(word)):.17g}" for word in line[10:].split())
        if line.startswith("threshold=")
        else line
        for line in body.split("\n")
    ]
    head = "\n".join(line for line in head.split("\n") if not line.startswith("tree_sizes"))
    scorer = agree(head + "Tree=0" + "\n".join(lines), rows=2000)
    assert scorer.planes.halvings.max() > 4


@pytest.mark.parametrize(("start", "iterations"), [(0, None), (0, 3), (2, 3), (2, None), (5, 100), (9, 1), (0, 0)])
@pytest.mark.parametrize("average", [False, True])
def test_iteration_ranges(start: int, iterations: int | None, *, average: bool) -> None:
    """From an iteration on, so many, and no more than there are; the average is over those taken."""
    text = made_up(8, trees=9, leaves=20)
    text = text.replace("\nfeature_names", "\naverage_output\nfeature_names") if average else text
    scorer = TreeScorer(read_text(text), start=start, iterations=iterations)
    values = probe_rows(scorer.planes, scorer.features, np.random.default_rng(1), 100)
    expected = by_lightgbm(text, values, start_iteration=start, num_iteration=iterations)
    same_bits(scorer.predict(values), expected)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_average_of_no_trees_is_not_a_number(objective: str) -> None:
    """As LightGBM has it, whatever becomes of it; without averaging the sum is 0."""
    agree(text_of([], objective=objective))
    agree(text_of([], objective=objective, lines=["average_output"]))


def test_a_text_of_lightgbm_3() -> None:
    """Written by 3.3.5: NaN, zeros, categories, a sigmoid that is not 1."""
    text = (GOLDEN / "lightgbm_3.3.5.txt").read_text()
    assert "version=v3" in text
    assert "num_cat=1" in text
    agree(text, rows=1000)


@pytest.mark.parametrize("rows", [0, 1, 2, 15, 16, 17, 255, 256, 257, 600])
def test_any_number_of_rows(rows: int) -> None:
    """None, one, just under, at and above the width of a tile; from strided memory as well."""
    text = made_up(11, trees=10, leaves=40)
    scorer = TreeScorer.read(text)
    values = probe_rows(scorer.planes, 4, np.random.default_rng(2), 600)
    expected = by_lightgbm(text, values)
    same_bits(scorer.predict(values[:, :rows]), expected[:rows])
    same_bits(scorer.predict(np.asfortranarray(values[:, :rows])), expected[:rows])
    same_bits(scorer.predict(values[:, ::-1][:, :rows]), expected[::-1][:rows])


def test_any_memory_is_taken() -> None:
    """Read only, out of line, or with its bytes swapped."""
    text = made_up(12, trees=10, leaves=40)
    scorer = TreeScorer.read(text)
    values = probe_rows(scorer.planes, 4, np.random.default_rng(2), 50)
    expected = by_lightgbm(text, values)
    fixed = values.copy()
    fixed.flags.writeable = False
    askew = np.frombuffer(b"-" + values.tobytes(), np.float64, offset=1).reshape(values.shape)
    for matrix in (fixed, askew, values.astype(">f8")):
        same_bits(scorer.predict(matrix), expected)


@pytest.mark.parametrize("shape", [(3, 5), (5, 5), (4,)])
def test_other_features_than_the_models_are_refused(shape: tuple[int, ...]) -> None:
    """No kernel reads outside an array."""
    scorer = TreeScorer.read(made_up(1, trees=2, leaves=4))
    with pytest.raises(ModelError, match="the model takes"):
        scorer.predict(np.zeros(shape))
