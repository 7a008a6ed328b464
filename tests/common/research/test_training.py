"""Training: the same bundle twice, reuse by key, no look ahead, readable refusals."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.errors import BundleError, ModelError, PipelineError
from common.factors.sets import FactorSet
from common.market.sample import sample_market
from common.market.store import load_bars
from common.models.bundle import load_bundle
from common.models.golden import check_golden
from common.models.kinds import load_predictor
from common.models.registry import Registry
from common.research.history import history_end, history_of
from common.research.recipe import Recipe, label_horizon
from common.research.targets import ranked
from common.research.training import train, train_or_reuse

SMALL = FactorSet(
    "small",
    (
        ("return_1", "close / ts_delay(close, 1) - 1"),
        ("average_5", "ts_mean(close, 5) / close"),
        ("rank_1", "cs_rank(close / ts_delay(close, 1) - 1)"),
    ),
    "ts_delay(close, -3) / ts_delay(close, -1) - 1",
)
RECIPE = Recipe("demo", SMALL, parameters={"rounds": 20, "min_data_in_leaf": 20})


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Good bars of a small sample market."""
    path = tmp_path_factory.mktemp("market") / "bars.parquet"
    sample_market(seed=1, symbols=30, days=120).write_parquet(path)
    return load_bars(path).frame


def test_the_same_training_gives_the_same_bundle(bars: pl.DataFrame) -> None:
    """To the byte, whatever the order of the rows."""
    assert train(bars, RECIPE) == train(bars.sample(fraction=1.0, shuffle=True, seed=5), RECIPE)


def test_a_bundle_says_where_it_comes_from(bars: pl.DataFrame) -> None:
    """Factors, label, horizon, spans, sizes, scores, and golden answers that hold."""
    bundle = train(bars, RECIPE)
    manifest = bundle.manifest
    sections = bars["time"].n_unique()
    assert manifest.features == ("return_1", "average_5", "rank_1")
    assert manifest.factor_set.factors == SMALL.factors
    assert (manifest.label.text, manifest.label.horizon_bars) == (SMALL.label, 3)
    assert manifest.spans["training"].first == bars["time"].min()
    assert manifest.spans["training"].sections + 3 + manifest.spans["validation"].sections + 3 == sections
    assert (manifest.data.sections, manifest.data.rows) == (sections, bars.height)
    assert {"training_rank_ic", "validation_rank_ic", "validation_rank_ic_t", "validation_ic"} <= manifest.scores.keys()
    assert manifest.training.parameters["rounds"] == 20
    golden = bundle.golden()
    assert golden.inputs.shape == (3, 64)
    check_golden(golden, load_predictor(bundle).predict(golden.inputs), 0.0)


def test_an_equal_training_is_used_again(bars: pl.DataFrame, tmp_path: Path) -> None:
    """And nothing is computed for it."""
    stages: list[str] = []
    with Registry(tmp_path, clock=lambda: 1) as registry:
        first = train_or_reuse(bars, RECIPE, registry, author="ann", progress=lambda stage, *_: stages.append(stage))
        assert (first.ref.version, first.reused) == (1, False)
        assert list(dict.fromkeys(stages)) == ["factors", "fit", "bundle"]
        stages.clear()
        again = train_or_reuse(bars, RECIPE, registry, author="bob", progress=lambda stage, *_: stages.append(stage))
        assert (again.ref, again.reused) == (first.ref, True)
        assert stages == []
        assert load_bundle(registry.folder(first.ref)).digest == first.ref.digest


def test_a_bundle_that_is_gone_is_made_again(bars: pl.DataFrame, tmp_path: Path) -> None:
    """Under the version it had; a damaged one is an error, not a model."""
    with Registry(tmp_path, clock=lambda: 1) as registry:
        first = train_or_reuse(bars, RECIPE, registry, author="ann")
        folder = registry.folder(first.ref)
        (folder / "model.txt").write_bytes(b"")
        with pytest.raises(BundleError, match=r"model\.txt"):
            train_or_reuse(bars, RECIPE, registry, author="ann")
        shutil.rmtree(folder)
        again = train_or_reuse(bars, RECIPE, registry, author="ann")
        assert (again.ref, again.reused) == (first.ref, False)
        assert folder.exists()


_OTHERS = {
    "parameter": replace(RECIPE, parameters={**RECIPE.parameters, "seed": 8}),
    "label": replace(RECIPE, factor_set=replace(SMALL, label="ts_delay(close, -2) / close - 1")),
    "label processing": replace(RECIPE, label_processing="none"),
    "factors": replace(RECIPE, factor_set=replace(SMALL, factors=SMALL.factors[:2])),
    "validation share": replace(RECIPE, validation_share=0.3),
    "patience": replace(RECIPE, patience_bars=5),
    "name": replace(RECIPE, name="other"),
}


@pytest.mark.parametrize("what", sorted(_OTHERS))
def test_another_training_is_another_model(bars: pl.DataFrame, tmp_path: Path, what: str) -> None:
    """Each of the things that decide the outcome counts."""
    with Registry(tmp_path, clock=lambda: 1) as registry:
        first = train_or_reuse(bars, RECIPE, registry, author="ann")
        other = train_or_reuse(bars, _OTHERS[what], registry, author="ann")
        assert not other.reused
        assert other.ref != first.ref


def test_other_bars_are_another_model(bars: pl.DataFrame, tmp_path: Path) -> None:
    """One price of one bar is enough."""
    changed = bars.with_columns(
        pl.when(pl.int_range(pl.len()) == 100).then(pl.col("close") * 1.001).otherwise(pl.col("close")).alias("close")
    )
    with Registry(tmp_path, clock=lambda: 1) as registry:
        train_or_reuse(bars, RECIPE, registry, author="ann")
        assert not train_or_reuse(changed, RECIPE, registry, author="ann").reused


def test_nothing_after_the_history_is_seen(bars: pl.DataFrame) -> None:
    """Whatever the replayed part holds, the bundle is the same."""
    end = history_end(bars["time"].unique().sort().to_numpy())
    future = bars.with_columns(pl.when(pl.col("time") >= end).then(999.0).otherwise(pl.col("close")).alias("close"))
    assert train(history_of(future, end), RECIPE) == train(history_of(bars, end), RECIPE)


def test_ranked_labels_ignore_absurd_returns() -> None:
    """A label a million times larger has the same rank; rows that are not used have none."""
    label = np.array([[0.1, -0.2, 0.3, np.nan, 5.0]])
    usable = np.array([[True, True, True, False, False]])
    found = ranked(label, usable, "cs_rank_norm")
    np.testing.assert_array_equal(found, ranked(np.where(label == 0.3, 1e6, label), usable, "cs_rank_norm"))
    np.testing.assert_array_equal(np.isfinite(found), usable)
    np.testing.assert_array_equal(ranked(label, usable, "none"), [[0.1, -0.2, 0.3, np.nan, np.nan]])


def test_an_unknown_label_processing_is_refused() -> None:
    """Naming those there are."""
    with pytest.raises(ModelError, match="cs_rank_norm"):
        ranked(np.zeros((1, 1)), np.ones((1, 1), np.bool_), "cs_rank")


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        (replace(RECIPE, kind="lightgmb"), "did you mean 'lightgbm'"),
        (replace(RECIPE, parameters={"num_leafs": 3}), "did you mean 'num_leaves'"),
        (replace(RECIPE, factor_set=replace(SMALL, label="close / ts_delay(close, 1)")), "does not look ahead"),
        (replace(RECIPE, factor_set=replace(SMALL, factors=(("a", "cloze"),))), "cloze"),
    ],
)
def test_a_wrong_recipe_is_refused(bars: pl.DataFrame, recipe: Recipe, told: str) -> None:
    """With a readable error of ours."""
    with pytest.raises(PipelineError) as refused:
        train(bars, recipe)
    assert told in str(refused.value)


def test_a_name_the_registry_would_refuse_is_refused_at_once() -> None:
    """Before anything is computed."""
    with pytest.raises(PipelineError, match="model name"):
        replace(RECIPE, name="../up")


def test_too_short_a_history_is_refused(bars: pl.DataFrame) -> None:
    """Too few sections, and sections without one complete row."""
    times = bars["time"].unique().sort()
    with pytest.raises(ModelError, match="too few"):
        train(bars.filter(pl.col("time") < times[5]), RECIPE)
    slow = replace(SMALL, factors=(("slow", "ts_mean(close, 60)"),))
    with pytest.raises(ModelError, match="no complete rows to train on"):
        train(bars.filter(pl.col("time") < times[60]), replace(RECIPE, factor_set=slow))


def test_the_horizon_is_the_labels() -> None:
    """Three own bars ahead."""
    assert label_horizon(SMALL) == 3
