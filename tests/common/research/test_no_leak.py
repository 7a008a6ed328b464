"""No leak: what comes after the validation span changes nothing in a bundle, nor what training is made of."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.market.constituents import Constituents, Interval
from common.market.store import BarTable
from common.models.bundle import Bundle
from common.models.linear import LinearModel
from common.models.processors import outputs
from common.research.dataset import Dataset
from common.research.outcomes import labels_by
from common.research.periods import Segment
from common.research.processing import AS_THEY_ARE, Processing
from common.research.recipe import Recipe
from common.research.training import train
from tests.common.research.small_market import (
    ACROSS,
    HORIZON,
    PROCESSED,
    RECIPE,
    SMALL,
    between,
    holed,
    market,
    spanned,
    stamps_of,
)

EVER = 2**61
CHANGES = ("prices", "absurd", "gone", "new")
"""Of bars: other prices, absurd ones, bars that are missing, symbols nobody knew."""

DAY = 86_400_000_000_000
LAST = 89
"""The last section of the validation span."""
AS_IT_IS = Processing(learn=())
"""The label itself is learnt."""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> BarTable:
    """Bars of a small market."""
    return market(tmp_path_factory.mktemp("market"))


@pytest.fixture(scope="module")
def true(table: BarTable) -> Bundle:
    """The bundle of the bars as they are."""
    return train(table.frame, spanned(table.frame))


def through_a_test_part(bars: pl.DataFrame, recipe: Recipe) -> Bundle:
    """Train from a dataset that has a test part, whose bars and symbols are in memory with all others."""
    whole = Dataset.of(bars, recipe, test=between(bars, LAST + 1, len(stamps_of(bars)) - 1))
    return train(bars, recipe, prepared=lambda: whole)


def newcomers(bars: pl.DataFrame, first: int) -> pl.DataFrame:
    """Bars of symbols that are first listed at a section, before and behind all others in the alphabet."""
    shown = bars.filter(pl.col("symbol") == bars["symbol"][0], pl.col("stamp") >= first)
    return pl.concat([shown.with_columns(symbol=pl.lit(name)) for name in ("AAAA", "ZZZZ")])


def test_a_dataset_with_a_test_part_makes_the_same_bundle(table: BarTable, true: Bundle) -> None:
    """To the byte, as from the bars up to the end of the validation span."""
    bars = table.frame
    assert through_a_test_part(bars, spanned(bars)) == true
    assert train(bars.filter(pl.col("stamp") <= stamps_of(bars)[LAST]), spanned(bars)) == true


@settings(max_examples=10, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), what=st.sampled_from(CHANGES))
def test_no_bar_of_the_test_span_changes_the_bundle(table: BarTable, true: Bundle, seed: int, what: str) -> None:
    """Whatever becomes of them: other prices, absurd ones, bars that are missing, symbols nobody knew."""
    bars = table.frame
    changed = after(bars, stamps_of(bars)[LAST + 1], what, seed)
    assert through_a_test_part(changed, spanned(bars)) == true
    assert train(changed, spanned(bars)) == true


def test_a_bar_of_the_validation_span_does_change_it(table: BarTable, true: Bundle) -> None:
    """The tests above can fail."""
    bars = table.frame
    last = pl.col("stamp") == stamps_of(bars)[LAST]
    changed = bars.with_columns(close=pl.when(last).then(pl.col("close") * 1.5).otherwise("close"))
    assert train(changed, spanned(bars)) != true


def after(bars: pl.DataFrame, first: int, what: str, seed: int) -> pl.DataFrame:
    """Bars of which those stamped `first` or later are changed, by seed: see CHANGES."""
    random, later = np.random.default_rng(seed), pl.col("stamp") >= first
    hit = later & pl.Series(random.random(bars.height) < 0.3)
    if what == "gone":
        return bars.filter(~hit | (pl.col("symbol") == bars["symbol"][0]))
    if what == "new":
        return pl.concat([bars, newcomers(bars, first)]).sort("time", "symbol")
    moved = pl.lit(1e300) if what == "absurd" else pl.col("close") * pl.Series(random.uniform(0.2, 5.0, bars.height))
    return bars.with_columns(close=pl.when(hit).then(moved).otherwise("close"))


@pytest.mark.parametrize("with_spans", [True, False])
@pytest.mark.parametrize("processing", [PROCESSED, AS_THEY_ARE])
@pytest.mark.parametrize("hole", [0, 1, 2, 5])
@pytest.mark.parametrize("what", CHANGES)
def test_the_embargo_hides_validation_from_what_is_learnt(
    table: BarTable, *, with_spans: bool, processing: Processing, hole: int, what: str
) -> None:
    """Not one sample of the training part, nor a number of its processors, moves with the bars of the validation part.

    Neither the label of a symbol with a hole, which ends later than the others', nor their ranks beside it; and of a
    model that validation does not stop, not one byte.
    """
    stamps = stamps_of(table.frame)
    away = (pl.col("symbol") == table.frame["symbol"][0]) & pl.col("stamp").is_between(stamps[60 - hole], stamps[60])
    bars = table.frame.filter(~away) if hole else table.frame
    if not with_spans:
        bars = bars.filter(pl.col("stamp") <= stamps[LAST])
    recipe = spanned(table.frame, processing)
    if not with_spans:
        recipe = replace(recipe, periods=None, validation_share=(30 - HORIZON) / (90 - HORIZON))
    one, other = (Dataset.of(each, recipe) for each in (bars, after(bars, stamps[60], what, seed=3)))
    assert one.part(Segment.TRAIN).sections == other.part(Segment.TRAIN).sections == (0, 60 - HORIZON)
    assert one.chain.save() == other.chain.save()
    found, expected = one.samples(Segment.TRAIN), other.samples(Segment.TRAIN)
    np.testing.assert_array_equal(found.features, expected.features)
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert fitted(one) == fitted(other)
    if what != "new":
        label, moved = (labels_by(each.raw, SMALL, LAST + 1)[60 - HORIZON : 60] for each in (one, other))
        assert not np.array_equal(label, moved, equal_nan=True)


def fitted(dataset: Dataset) -> dict[str, bytes]:
    """Files of a linear model of a dataset; validation has no say in it."""
    train_samples, valid_samples = (dataset.samples(segment) for segment in (Segment.TRAIN, Segment.VALID))
    return LinearModel.fit(
        train_samples, valid_samples, outputs(dataset.chain), {"alpha": 0.01}, lambda *_: None
    ).save()


def chosen(bars: pl.DataFrame, seed: int) -> Constituents:
    """Two of three symbols up to the end of the validation span, and anybody after it, by seed."""
    random, last = np.random.default_rng(seed), stamps_of(bars)[LAST]
    symbols = bars["symbol"].unique().sort().to_list()
    now = [Interval(symbol, 0, last) for place, symbol in enumerate(symbols) if place % 3]
    later = [
        Interval(symbol, last + 1 + int(random.integers(0, 9)) * DAY, EVER)
        for symbol in symbols
        if random.random() < 0.5
    ]
    return Constituents.of([*now, *later])


@pytest.mark.parametrize("with_spans", [True, False])
def test_shuffled_future_membership_changes_nothing(table: BarTable, with_spans: bool) -> None:  # noqa: FBT001  a table
    """Who joins or leaves after the last bar that is seen is not known, with spans or without."""
    bars = table.frame
    recipe = spanned(bars) if with_spans else RECIPE
    seen = bars if with_spans else bars.filter(pl.col("stamp") <= stamps_of(bars)[LAST])
    first, *others = (train(seen, replace(recipe, constituents=chosen(bars, seed))) for seed in range(4))
    assert all(bundle == first for bundle in others)
    assert len({chosen(bars, seed).digest for seed in range(4)}) == 4


@pytest.mark.parametrize("processing", [AS_THEY_ARE, AS_IT_IS, PROCESSED], ids=["ranked", "as it is", "processed"])
@pytest.mark.parametrize("label", ACROSS)
def test_labels_that_compare_symbols_end_with_their_part(table: BarTable, label: str, processing: Processing) -> None:
    """The label of a symbol with a hole before the border is known later: others' labels do not wait for it."""
    bars, stamps = holed(table.frame, 59, LAST), stamps_of(table.frame)
    recipe = replace(spanned(bars, processing), factor_set=replace(SMALL, label=label))
    bundle = train(bars, recipe)
    assert through_a_test_part(bars, recipe) == bundle
    one = Dataset.of(bars, recipe).samples(Segment.TRAIN)
    for what in CHANGES:
        assert through_a_test_part(after(bars, stamps[LAST + 1], what, seed=5), recipe) == bundle
        other = Dataset.of(after(bars, stamps[60], what, seed=5), recipe).samples(Segment.TRAIN)
        np.testing.assert_array_equal(one.labels, other.labels)
        np.testing.assert_array_equal(one.features, other.features)
