"""A dataset made before: the key and the digest are of what is learnt from, and another one's is refused."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from common.errors import DatasetError
from common.market.constituents import Constituents, Interval
from common.market.store import BarTable
from common.models.registry import Registry
from common.research import raw
from common.research.dataset import Dataset
from common.research.prepared import DECIDING
from common.research.processing import processing_of
from common.research.recipe import Recipe
from common.research.roll_call import RollCall
from common.research.training import train, train_or_reuse
from tests.common.research.small_market import PROCESSED, RECIPE, SMALL, between, market, spanned


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> BarTable:
    """Bars of a small market."""
    return market(tmp_path_factory.mktemp("market"))


@pytest.mark.parametrize("shuffled", [False, True])
def test_without_periods_history_ends_before_the_test(table: BarTable, tmp_path: Path, *, shuffled: bool) -> None:
    """All bars handed in, or those before the test alone: the same key, digest and bytes, and none for the others."""
    bars = table.frame.sample(fraction=1.0, shuffle=True, seed=3) if shuffled else table.frame
    dataset = Dataset.of(bars, RECIPE, test=between(bars, 60, 119))
    history = bars.filter(pl.col("time") < int(table.times[60]))
    made, alone = train(bars, RECIPE, prepared=lambda: dataset), train(history, RECIPE)
    assert (made, made.manifest.training.key) == (alone, alone.manifest.training.key)
    assert made.manifest.data.sections == 60
    with Registry(tmp_path, clock=lambda: 1) as registry:
        first = train_or_reuse(bars, RECIPE, registry, author="ann", prepared=lambda: dataset)
        assert not train_or_reuse(bars, RECIPE, registry, author="ann").reused
        again = train_or_reuse(history, RECIPE, registry, author="ann", prepared=lambda: dataset)
        assert (again.ref, again.reused) == (first.ref, True)


@pytest.mark.parametrize(
    "what", ["fewer sections", "a bar less", "another price", "another symbol", "more sections", "a later test"]
)
def test_a_dataset_of_other_bars_is_refused(table: BarTable, tmp_path: Path, what: str) -> None:
    """Also where the key is known: it would be another's model."""
    bars, row = table.frame, pl.int_range(pl.len()) == 700
    others = {
        "fewer sections": bars.filter(pl.col("time") < int(table.times[100])),
        "a bar less": bars.filter(~row),
        "another price": bars.with_columns(close=pl.when(row).then(pl.col("close") * 1.01).otherwise("close")),
        "another symbol": bars.with_columns(symbol=pl.when(row).then(pl.lit("ZZZ")).otherwise("symbol")),
        "more sections": bars,
        "a later test": bars,
    }
    given = others["fewer sections"] if what in {"more sections", "a later test"} else bars
    dataset = Dataset.of(others[what], RECIPE, test=between(bars, 110, 119) if what == "a later test" else None)
    told = "the prepared dataset is of other bars: .* make it of the bars that are handed in"
    with pytest.raises(DatasetError, match=told):
        train(given, RECIPE, prepared=lambda: dataset)
    with Registry(tmp_path, clock=lambda: 1) as registry:
        train_or_reuse(given, RECIPE, registry, author="ann")
        with pytest.raises(DatasetError, match=told):
            train_or_reuse(given, RECIPE, registry, author="ann", prepared=lambda: dataset)


def test_a_dataset_of_more_symbols_than_places_serves(table: BarTable, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made of the bars of those who found one; with other bars of these it is another's."""
    monkeypatch.setattr(raw, "RollCall", partial(RollCall, most=20))
    dataset = Dataset.of(table, RECIPE)
    assert dataset.raw.present.any(axis=0).sum() == 20
    assert train(table.frame, RECIPE, prepared=lambda: dataset) == train(table.frame, RECIPE)
    with pytest.raises(DatasetError, match="is of other bars"):
        train(table.frame.slice(1), RECIPE, prepared=lambda: dataset)


def other_recipes(table: BarTable) -> dict[str, Recipe]:
    """One for each thing that decides a dataset."""
    members = Constituents.of(Interval(symbol, 0, 2**61) for symbol in table.frame["symbol"].unique())
    return {
        "factor_set": replace(RECIPE, factor_set=replace(SMALL, factors=SMALL.factors[:2])),
        "processing": replace(RECIPE, processing=processing_of(["ts_norm"], [])),
        "label_processing": replace(RECIPE, label_processing="none"),
        "periods": spanned(table.frame, RECIPE.processing),
        "validation_share": replace(RECIPE, validation_share=0.3),
        "patience_bars": replace(RECIPE, patience_bars=3),
        "min_coverage": replace(RECIPE, min_coverage=0.3),
        "constituents": replace(RECIPE, constituents=members),
    }


@pytest.mark.parametrize("name", DECIDING)
def test_a_dataset_of_another_recipe_is_refused(table: BarTable, name: str) -> None:
    """By what differs; the same dataset serves other kinds and parameters."""
    other = other_recipes(table)[name]
    dataset = Dataset.of(table, RECIPE)
    with pytest.raises(DatasetError, match=f"made with another {name} than the recipe's"):
        train(table.frame, other, prepared=lambda: dataset)


def test_a_dataset_serves_several_kinds(table: BarTable) -> None:
    """Each model is what it would be without."""
    recipe = spanned(table.frame, PROCESSED)
    dataset = Dataset.of(table, recipe, test=between(table.frame, 90, 119))
    for kind in ("linear", "lightgbm"):
        own = replace(recipe, kind=kind, name=kind, parameters={} if kind == "linear" else recipe.parameters)
        assert train(table.frame, own, prepared=lambda: dataset) == train(table.frame, own)


def test_bars_that_end_within_the_validation_span_are_others(table: BarTable) -> None:
    """The dataset saw them all."""
    recipe = spanned(table.frame)
    dataset = Dataset.of(table, recipe)
    fewer = table.frame.filter(pl.col("time") < int(table.times[80]))
    with pytest.raises(DatasetError, match="is of other bars"):
        train(fewer, recipe, prepared=lambda: dataset)
