"""LightGBM: the same model twice, the same bits in any batch, and nothing loaded that is not one."""

import numpy as np
import pytest

from common.errors import BundleError, ModelError
from common.models.lightgbm import FILE, LightGBMModel
from tests.common.models.sample_bundle import NAMES, SMALL, samples, small_model


def test_training_twice_gives_the_same_text() -> None:
    """With row and feature sampling on."""
    assert small_model(bagging_fraction=0.5).save() == small_model(bagging_fraction=0.5).save()


def test_the_number_of_threads_changes_no_tree() -> None:
    """Only the line that records the number differs."""
    one, two = (small_model(num_threads=threads).save()[FILE] for threads in (1, 2))
    assert one == two.replace(b"num_threads: 2", b"num_threads: 1")


def test_another_seed_gives_another_model() -> None:
    """The seed reaches LightGBM."""
    assert small_model(seed=1, bagging_fraction=0.5).save() != small_model(seed=2, bagging_fraction=0.5).save()


def test_a_score_depends_on_its_own_row_only() -> None:
    """One by one, in parts, backwards, transposed in memory: equal to the bit."""
    model = small_model()
    features = samples(64, seed=9).features
    whole = model.predict(features)
    single = [model.predict(features[:, [row]])[0] for row in range(64)]
    np.testing.assert_array_equal(single, whole)
    np.testing.assert_array_equal(model.predict(np.asfortranarray(features)), whole)
    np.testing.assert_array_equal(model.predict(features[:, ::-1])[::-1], whole)
    np.testing.assert_array_equal(model.predict(features[:, 10:20]), whole[10:20])


def test_an_empty_section_has_no_scores() -> None:
    """Zero symbols in, zero scores out."""
    assert small_model().predict(np.empty((len(NAMES), 0))).shape == (0,)


def test_a_saved_model_loads_with_the_same_bits() -> None:
    """Through its own text."""
    model = small_model()
    loaded = LightGBMModel.load(model.save(), NAMES)
    features = samples(64, seed=9).features
    np.testing.assert_array_equal(loaded.predict(features), model.predict(features))
    assert loaded.save() == model.save()
    assert loaded.features == NAMES


def test_early_stopping_keeps_the_best_round() -> None:
    """On labels without any sense the model ends long before its last round."""
    noise = samples(300)
    noise.labels[...] = np.random.default_rng(5).standard_normal(300)
    steps: list[int] = []
    patient = {**SMALL, "rounds": 500, "patience": 5}
    model = LightGBMModel.fit(noise, samples(100, seed=2), NAMES, patient, lambda done, _most: steps.append(done))
    trees = model.save()[FILE].count(b"\nTree=")
    assert trees < len(steps) < 500
    assert len(steps) <= trees + 5


def test_progress_counts_the_rounds() -> None:
    """From 1 to the number of rounds, with the total."""
    steps: list[tuple[int, int]] = []
    LightGBMModel.fit(samples(300), samples(100, seed=2), NAMES, SMALL, lambda done, most: steps.append((done, most)))
    assert steps == [(step, 5) for step in range(1, 6)]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "model.txt"),
        ({FILE: b""}, "model.txt"),
        ({FILE: b"\xff"}, "model.txt"),
        ({FILE: b"tree\nversion=v4\n"}, "model.txt"),
        ({FILE: b"\x80\x04\x95pickle"}, "model.txt"),
    ],
)
def test_what_is_no_model_is_refused(files: dict[str, bytes], told: str) -> None:
    """With an error that names the file."""
    with pytest.raises(BundleError) as refused:
        LightGBMModel.load(files, NAMES)
    assert told in str(refused.value)


@pytest.mark.parametrize("features", [("beta", "alpha", "gamma"), ("alpha", "beta"), ("alpha", "beta", "delta")])
def test_other_features_are_refused(features: tuple[str, ...]) -> None:
    """Reordered, missing or renamed."""
    with pytest.raises(BundleError, match="has features"):
        LightGBMModel.load(small_model().save(), features)


def test_a_parameter_lightgbm_refuses_is_readable() -> None:
    """The error says that it is about parameters."""
    with pytest.raises(ModelError, match="parameters"):
        small_model(num_leaves=-3)


@pytest.mark.parametrize("name", ["rounds", "patience"])
@pytest.mark.parametrize("value", [0, -3, 2.5, "many", True])
def test_a_count_that_is_none_is_refused(name: str, value: object) -> None:
    """LightGBM is not told of these two: nobody else would say so before everything is computed."""
    with pytest.raises(ModelError, match=f"parameter {name} = .*: should be a whole number above 0"):
        LightGBMModel.settings({name: value})


@pytest.mark.parametrize("value", ["none", "None", "null", "custom", "na"])
def test_no_metric_is_refused(value: str) -> None:
    """It decides when to stop, and is asked for before everything is computed."""
    with pytest.raises(ModelError, match=f"parameter metric = '{value}' .*: it decides when to stop"):
        LightGBMModel.settings({"metric": value})


def test_a_metric_lightgbm_finds_none_in_is_refused() -> None:
    """What only the library can say is wrapped."""
    with pytest.raises(ModelError, match=r"cannot fit with these parameters: .*metric"):
        small_model(metric=["none"])


def test_a_misspelt_parameter_is_refused() -> None:
    """LightGBM would ignore it."""
    with pytest.raises(ModelError, match="did you mean 'num_leaves'"):
        small_model(num_leafs=3)
