"""Scores of a part: from the model's own answers, against labels worked out by hand."""

from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
import polars as pl
import pytest

from common.market.store import BarTable
from common.models.processed import ProcessedModel, load_processed
from common.research.appraisal import Asked, appraise, ask
from common.research.dataset import Dataset
from common.research.information import Floats
from common.research.periods import Segment
from common.research.recipe import Recipe
from common.research.training import train
from tests.common.research.small_market import HORIZON, PROCESSED, RECIPE, between, market, spanned


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> BarTable:
    """Bars of a small market."""
    return market(tmp_path_factory.mktemp("market"))


@pytest.fixture(scope="module", params=["plain", "processed"])
def made(table: BarTable, request: pytest.FixtureRequest) -> tuple[Recipe, Dataset, ProcessedModel]:
    """A model and its dataset, with and without processors."""
    bars = table.frame
    recipe = (
        spanned(bars, PROCESSED) if request.param == "processed" else replace(RECIPE, periods=spanned(bars).periods)
    )
    dataset = Dataset.of(table, recipe, test=between(bars, 90, 119))
    return recipe, dataset, load_processed(train(bars, recipe))


def _same(dataset: Dataset) -> Dataset:
    return dataset


def correlation(pair: tuple[Floats, Floats], method: Literal["pearson", "spearman"]) -> float:
    """Another library's."""
    return float(pl.DataFrame(pair, schema=["one", "other"]).select(pl.corr("one", "other", method=method)).item())


def test_scores_are_the_definitions(made: tuple[Recipe, Dataset, ProcessedModel]) -> None:
    """IC is Pearson's, rank IC Spearman's, by section over the label as it happened; MSE is of what was learnt."""
    recipe, dataset, model = made
    for segment in (Segment.VALID, Segment.TEST):
        found, part = appraise(ask(model, dataset, segment), recipe), dataset.part(segment)
        values = part.answers(model.model.predict, part.learnt)
        pairs = [(v[r], y[r]) for v, y, r in zip(values, part.label, part.learnt, strict=True) if r.sum() > 2]
        assert found.rank_ic.summary.mean == pytest.approx(np.mean([correlation(pair, "spearman") for pair in pairs]))
        linear = [correlation(pair, "pearson") for pair in pairs]
        assert found.ic.summary.mean == pytest.approx(np.mean(linear))
        assert found.ic.ratio == pytest.approx(np.mean(linear) / np.std(linear, ddof=1))
        errors = values[part.learnt] - part.target[part.learnt]
        assert found.mse == pytest.approx(np.mean(errors**2))
        assert found.rows == int(part.learnt.sum())
        assert sum(month.count for month in found.ic.months) == found.ic.summary.count


@pytest.mark.parametrize("newest", [1, 2, HORIZON])
def test_a_part_without_labels_is_asked_and_not_judged(table: BarTable, newest: int) -> None:
    """The newest sections: what follows them is not known, and nothing is said of how good the answers are."""
    for recipe in (RECIPE, replace(RECIPE, processing=PROCESSED)):
        dataset = Dataset.of(table, recipe, test=between(table.frame, 120 - newest, 119))
        asked = ask(load_processed(train(table.frame, recipe, prepared=partial(_same, dataset))), dataset, Segment.TEST)
        found = appraise(asked, recipe).figures()
        assert np.isfinite(asked.values).sum() > newest * 10
        assert found["rows"] == found["ic"]["sections"] == 0
        assert found["mse"] is found["rank_ic"]["mean"] is found["ic"]["t"] is None


def test_the_bundle_says_the_same(made: tuple[Recipe, Dataset, ProcessedModel], table: BarTable) -> None:
    """Scores of the validation part stand in the manifest; none of the test part does."""
    recipe, dataset, model = made
    scores = train(table.frame, recipe).manifest.scores
    found = appraise(ask(model, dataset, Segment.VALID), recipe)
    assert scores["validation_rank_ic"] == found.rank_ic.summary.mean
    assert scores["validation_mse"] == found.mse
    assert not [name for name in scores if "test" in name]


def test_what_cannot_be_said_is_none(made: tuple[Recipe, Dataset, ProcessedModel]) -> None:
    """A constant answer has no coefficient, and JSON has no NaN."""
    recipe, dataset, model = made
    asked = ask(model, dataset, Segment.TEST)
    figures = appraise(replace(asked, values=np.zeros_like(asked.values)), recipe).figures()
    assert figures["ic"]["mean"] is None
    assert figures["ic"]["months"] == []
    nobody = appraise(replace(asked, values=np.full_like(asked.values, np.nan)), recipe)
    assert (nobody.rows, nobody.figures()["mse"]) == (0, None)


def test_joined_parts_are_one(made: tuple[Recipe, Dataset, ProcessedModel]) -> None:
    """Section after section."""
    recipe, dataset, model = made
    one, other = ask(model, dataset, Segment.VALID), ask(model, dataset, Segment.TEST)
    both = appraise(Asked.joined([one, other]), recipe)
    assert both.rows == appraise(one, recipe).rows + appraise(other, recipe).rows
    np.testing.assert_array_equal(Asked.joined([one, other]).stamp, [*one.stamp, *other.stamp])
