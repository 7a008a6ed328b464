"""Training as of its members: who joins later makes no other model, who was one then does."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from common.errors import ModelError
from common.factors.sets import FactorSet
from common.market.constituents import Constituents, Interval
from common.market.sample import sample_market
from common.market.store import load_bars
from common.research.dataset import Dataset
from common.research.recipe import Recipe
from common.research.training import train

SET = FactorSet(
    "small",
    (("return_1", "close / ts_delay(close, 1) - 1"), ("rank_1", "cs_rank(close / ts_delay(close, 1) - 1)")),
    "ts_delay(close, -3) / ts_delay(close, -1) - 1",
)
RECIPE = Recipe("demo", SET, parameters={"rounds": 5, "min_data_in_leaf": 20})
EVER = 2**61


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Good bars of a small sample market."""
    path = tmp_path_factory.mktemp("market") / "bars.parquet"
    sample_market(symbols=30, days=120).write_parquet(path)
    return load_bars(path).frame


def chosen(bars: pl.DataFrame, share: int, last: int = EVER) -> Constituents:
    """Every symbol but each `share`-th, until `last`."""
    symbols = bars["symbol"].unique().sort().to_list()
    return Constituents.of(Interval(symbol, 0, last) for place, symbol in enumerate(symbols) if place % share)


def end_of(bars: pl.DataFrame) -> int:
    """The last stamp."""
    last = bars["stamp"].max()
    assert isinstance(last, int)
    return last


def test_later_membership_makes_no_other_bundle(bars: pl.DataFrame) -> None:
    """To the byte: whoever joins or leaves after the last bar of the history."""
    now, end = chosen(bars, 3), end_of(bars)
    joined = Constituents.of([*now.intervals, Interval("S0000", end + 1, EVER)])
    left = chosen(bars, 3, last=end)
    bundles = [train(bars, replace(RECIPE, constituents=each)) for each in (now, joined, left)]
    assert bundles[0] == bundles[1] == bundles[2]


def test_other_members_make_another_model(bars: pl.DataFrame) -> None:
    """And it says so: the digest of what was known of them stands in the manifest."""
    everyone, some = train(bars, RECIPE), train(bars, replace(RECIPE, constituents=chosen(bars, 3)))
    assert everyone.digest != some.digest
    assert "members" not in everyone.manifest.training.parameters
    assert some.manifest.training.parameters["members"] == chosen(bars, 3).until(end_of(bars)).digest


def test_rows_are_those_of_members(bars: pl.DataFrame) -> None:
    """Nothing is learnt from anyone else, and cross sections are theirs."""
    recipe = replace(RECIPE, constituents=chosen(bars, 3))
    dataset = Dataset.of(bars, recipe)
    strangers = [place for place in range(len(dataset.raw.factors.symbols)) if place % 3 == 0]
    for part in dataset.parts.values():
        assert part.learnt.any()
        assert not part.learnt[:, strangers].any()
    assert np.isnan(dataset.raw.factors.values[1][:, strangers]).all()


def test_nobody_left_to_learn_from(bars: pl.DataFrame) -> None:
    """Members that join after the history leave nothing, and that is said."""
    nobody = Constituents.of([Interval("S0000", end_of(bars) + 1, EVER)])
    with pytest.raises(ModelError, match="no complete rows to train on"):
        train(bars, replace(RECIPE, constituents=nobody))
