"""A model with processors through real processes: what is published is what research says of the same bars."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from alphabus.messages import Flag
from common.factors.plan import compile_set
from common.factors.sets import load_set
from common.market.span import Span
from common.models.processed import load_processed
from common.models.registry import Registry
from common.replay.preparation import ALIAS, Prepared, Wish, configure, load, write_config
from common.research.appraisal import ask
from common.research.dataset import Dataset
from common.research.history import history_of
from common.research.periods import Segment
from common.research.processing import processing_of
from common.research.raw import compute_raw
from common.research.recipe import Recipe
from common.research.training import train_or_reuse
from tests.e2e.harness import Ran, replayed, short_run_dir, write_small_market

CHAINS = {
    "sections": ["cs_norm:method=robust", "cs_rank_norm:names=return_5", "fill_na:fill_value=0"],
    "spans": ["replace_inf", "robust_zscore_norm", "drop_feature:names=return_1", "cs_fill_na"],
    "dropping": ["drop_na", "ts_norm"],
}
QUICK: dict[str, dict[str, Any]] = {
    "lightgbm": {"rounds": 20},
    "linear": {},
    "mlp": {"hidden": [16], "epochs": 3},
}


@dataclass(frozen=True, slots=True)
class Served:
    """A run, and what its model says of the test part of a dataset of the same bars."""

    ran: Ran
    expected: pl.DataFrame


def prepare(bars: Path, folder: Path, kind: str, chain: str) -> tuple[Prepared, Recipe]:
    """Train with processors on the history, promote, configure."""
    wish = Wish(bars, folder / "run", instance="test", registry=folder / "registry")
    table, split = load(wish)
    config = configure(wish, table, split)
    processing = processing_of(CHAINS[chain], ["cs_norm:method=zscore,names=label"])
    recipe = Recipe(wish.name, load_set("basic"), kind, QUICK[kind], processing=processing)
    with Registry(config.registry, clock=time.time_ns) as registry:
        trained = train_or_reuse(history_of(table.frame, split.split_ns), recipe, registry, author="test")
        registry.promote(wish.name, ALIAS, trained.ref.name, trained.ref.version, by="test", why="test")
    wish.out.mkdir()
    return Prepared(table, split, trained, config, write_config(wish.out, config)), recipe


def served(bars: Path, folder: Path, kind: str, chain: str) -> Served:
    """Through the processes, and as a dataset's test part."""
    prepared, recipe = prepare(bars, folder, kind, chain)
    with short_run_dir():
        ran = replayed(prepared)
    assert ran.outcome.trouble == ""
    assert ran.missing == []
    with Registry(prepared.config.registry, clock=time.time_ns) as registry:
        bundle = registry.load(prepared.trained.ref)
    raw = compute_raw(prepared.table.frame, recipe, compile_set(recipe.factor_set))
    first = prepared.split.history
    tested = Span(int(raw.stamp[first:].min()), int(raw.stamp[first:].max()))
    asked = ask(load_processed(bundle), Dataset.over(raw, recipe, test=tested), Segment.TEST)
    section, symbol = np.nonzero(np.isfinite(asked.values))
    symbols = pl.Series(raw.factors.symbols, dtype=pl.String)
    expected = pl.DataFrame(
        {
            "stamp": asked.stamp[section],
            "symbol": symbols.gather(symbol),
            "expected": asked.values[section, symbol],
        }
    )
    assert len(asked.stamp) == prepared.split.replayed
    return Served(ran, expected)


def check(it: Served, tolerance: float) -> int:
    """Every symbol of every computed section; how many had a value."""
    live = it.ran.values()
    said = live.filter(pl.col("flag") == Flag.OK)
    both = said.join(it.expected, on=["stamp", "symbol"], how="left")
    assert both["expected"].null_count() == 0
    if tolerance:
        np.testing.assert_allclose(both["signal"].to_numpy(), both["expected"].to_numpy(), rtol=0, atol=tolerance)
    else:
        assert (both["signal"].to_numpy().view(np.int64) == both["expected"].to_numpy().view(np.int64)).all()
    sections = live["stamp"].unique()
    of_them = it.expected.filter(pl.col("stamp").is_in(sections.implode()))
    unsaid = of_them.join(said, on=["stamp", "symbol"], how="anti").join(live, on=["stamp", "symbol"], how="left")
    assert unsaid["flag"].null_count() == 0
    assert set(unsaid["flag"].unique()) <= {int(Flag.FEW_FEATURES)}
    return both.height


@pytest.mark.parametrize(
    ("kind", "chain"), [("lightgbm", "sections"), ("linear", "spans"), ("lightgbm", "dropping"), ("mlp", "sections")]
)
def test_live_is_research(tmp_path: Path, kind: str, chain: str) -> None:
    """To the bit for trees and linear models."""
    write_small_market(tmp_path / "small.parquet")
    it = served(tmp_path / "small.parquet", tmp_path, kind, chain)
    assert set(it.ran.signals["status"].unique()) == {"fresh"}
    assert check(it, 1e-9 if kind == "mlp" else 0.0) > 1000
    dropped = it.ran.values().filter(pl.col("flag") == Flag.FEW_FEATURES).height
    assert chain == "dropping" or dropped == 0


@pytest.mark.bars
@pytest.mark.long
@pytest.mark.parametrize("kind", ["lightgbm", "linear", "mlp"])
@pytest.mark.parametrize(
    ("file", "held", "least"), [("sp500_daily_2013_2018", 0, 200_000), ("us_daily_asreceived_2015_2017", 6, 100_000)]
)
def test_live_is_research_on_real_bars(tmp_path: Path, kind: str, file: str, held: int, least: int) -> None:
    """Hundreds of symbols, listings, bad prints; what is not computed is the holiday stubs, and nothing else."""
    folder = os.environ.get("ALPHABUS_DATA")
    if not folder:
        pytest.skip("ALPHABUS_DATA is not set: it names the folder of real bars")
    it = served(Path(folder) / f"{file}.parquet", tmp_path, kind, "sections")
    others = it.ran.signals.filter(pl.col("status") != "fresh").select("stamp", "status", "reason").unique()
    assert others.select("status", "reason").rows() == [("held", "coverage")] * held
    assert check(it, 1e-9 if kind == "mlp" else 0.0) > least


def test_the_signal_hangs_on_the_processors(tmp_path: Path) -> None:
    """The tests above can fail: without its chain the model says something else."""
    write_small_market(tmp_path / "small.parquet")
    prepared, recipe = prepare(tmp_path / "small.parquet", tmp_path, "linear", "sections")
    raw = compute_raw(prepared.table.frame, recipe, compile_set(recipe.factor_set))
    with Registry(prepared.config.registry, clock=time.time_ns) as registry:
        model = load_processed(registry.load(prepared.trained.ref))
    block = raw.block(len(raw.time) - 1, len(raw.time))
    bare = replace(model, chain=replace(model.chain, steps=()))
    assert not np.array_equal(model.answer(block).values, bare.answer(block).values, equal_nan=True)
