"""A training part in which nothing moves makes no model, and is told what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.errors import DatasetError
from common.factors.sets import FactorSet
from common.market.store import BarTable
from common.models.registry import Registry
from common.research.dataset import Dataset
from common.research.learnable import check_learnable, varies
from common.research.processing import processing_of
from common.research.recipe import Recipe
from common.research.training import train_or_reuse
from tests.common.research.small_market import RECIPE, SMALL, market

STILL, ABSENT = ("still", "close * 0 + 1"), ("absent", "close / (close * 0)")
LABEL_AS_IT_IS = processing_of([], ["drop_na:names=label"])


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> BarTable:
    """Bars of a small market."""
    return market(tmp_path_factory.mktemp("market"))


def one_of(table: BarTable) -> pl.DataFrame:
    """Bars of the symbol that has the most."""
    return table.frame.filter(pl.col("symbol") == table.frame["symbol"].mode().sort()[0])


def of(factors: tuple[tuple[str, str], ...] = SMALL.factors, label: str = SMALL.label) -> Recipe:
    """A recipe of such a set."""
    return replace(RECIPE, factor_set=FactorSet("own", factors, label))


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        (of(label="ts_delay(close, -3) * 0"), r"the label 'ts_delay\(close, -3\) \* 0' is 0 in all of them; choose"),
        (replace(of(label="ts_delay(close, -3) * 0"), processing=LABEL_AS_IT_IS), "is 0 in all of them; choose"),
        (replace(RECIPE, processing=processing_of([], ["fill_na:fill_value=1", "cs_norm:method=zscore"])), None),
        (of((STILL,)), "still is 1 in all of them; choose other factors"),
        (of((ABSENT, STILL)), "absent is nan, still is 1 in all of them"),
        (of((STILL, ABSENT, ("a", "close * 0"), ("b", "close * 0"))), "a is 0 and 1 more are the same in all of them"),
        (of((STILL, *SMALL.factors)), None),
    ],
)
@pytest.mark.parametrize("kind", ["lightgbm", "linear"])
def test_nothing_that_moves_is_nothing_to_learn(
    table: BarTable, tmp_path: Path, recipe: Recipe, told: str | None, kind: str
) -> None:
    """Refused with what stands still, over how many rows and when; nothing is registered."""
    recipe = replace(recipe, kind=kind, parameters={} if kind == "linear" else recipe.parameters)
    with Registry(tmp_path, clock=lambda: 1) as registry:
        if told is None:
            assert not train_or_reuse(table.frame, recipe, registry, author="ann").reused
            return
        with pytest.raises(DatasetError, match=rf"rows of the training part \(2021-01-0. to 2021-.*\): .*{told}"):
            train_or_reuse(table.frame, recipe, registry, author="ann")
        assert registry.models() == []


def test_the_rank_of_one_symbol_is_nothing_to_learn(table: BarTable) -> None:
    """Its label as it is can be learnt, and the error says how."""
    bars = one_of(table)
    with pytest.raises(DatasetError, match=r"each section has one symbol; train it by .*label, which learns"):
        check_learnable(Dataset.of(bars, RECIPE))
    check_learnable(Dataset.of(bars, replace(RECIPE, processing=LABEL_AS_IT_IS)))


def test_a_label_that_is_the_same_for_all_at_a_time_has_no_rank(table: BarTable) -> None:
    """It moves from section to section alone."""
    market_wide = f"cs_mean({SMALL.label})"
    with pytest.raises(DatasetError, match="has the same rank in its section"):
        check_learnable(Dataset.of(table, of(label=market_wide)))
    check_learnable(Dataset.of(table, replace(of(label=market_wide), processing=LABEL_AS_IT_IS)))


def test_learn_processors_that_level_the_label_are_named(table: BarTable) -> None:
    """The label moves, and what they leave of it does not."""
    level = processing_of([], ["cs_rank_norm:names=label"])
    with pytest.raises(DatasetError, match="the learn processors make the label"):
        check_learnable(Dataset.of(one_of(table), replace(RECIPE, processing=level)))


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1.0, 1.0], False), ([np.nan, np.nan], False), ([1.0, np.nan], True), ([1.0, 2.0], True), ([np.inf, 1.0], True)],
)
def test_a_missing_value_is_a_value(values: list[float], expected: bool) -> None:  # noqa: FBT001  a table's column
    """A tree can tell it from the others."""
    assert varies(np.array(values)) == expected
