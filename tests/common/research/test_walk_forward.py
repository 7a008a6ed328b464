"""Walking forward: each model is what training with its spans gives, and the signal is theirs, out of sample."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.errors import DatasetError
from common.factors.plan import compile_set
from common.market.panel import Panel
from common.market.store import BarTable
from common.models.processed import load_processed
from common.models.registry import Registry
from common.research.analysis.signal_file import read_signal_file
from common.research.analysis.subject import subject_of
from common.research.dataset import Dataset
from common.research.factor_cache import FactorCache
from common.research.raw import compute_raw
from common.research.recipe import Recipe
from common.research.training import train
from common.research.walk_forward import Walk, Walked, WalkForward, spans_of
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

OWN = replace(RECIPE, processing=PROCESSED)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> BarTable:
    """Bars of a small market: 120 sections."""
    return market(tmp_path_factory.mktemp("market"))


def walked(table: BarTable, folder: Path, walk: Walk, recipe: Recipe = OWN) -> Walked:
    """A walk with a registry of its own."""
    with Registry(folder, clock=lambda: 1) as registry:
        return WalkForward(table, recipe, walk, "ann").run(registry)


@pytest.mark.parametrize("kind", ["rolling", "growing"])
@pytest.mark.parametrize("label", [SMALL.label, *ACROSS], ids=["own", "excess", "rank"])
def test_every_model_is_what_its_spans_give(table: BarTable, tmp_path: Path, kind: str, label: str) -> None:
    """To the byte, from bars up to the end of its validation span; its answers are the signal, symbol by symbol.

    Also where symbols that others are compared with have holes before the end of a span, and labels later than they.
    """
    table = replace(table, frame=holed(table.frame, 62, 79, 94, 109))
    recipe = replace(OWN, factor_set=replace(SMALL, label=label))
    found = walked(table, tmp_path, Walk(80, 15, "rolling" if kind == "rolling" else "growing"), recipe)
    raw = compute_raw(table.frame, recipe, compile_set(recipe.factor_set))
    assert [each.trained.ref.version for each in found.stretches] == [1, 2, 3]
    for each in found.stretches:
        seen = table.frame.filter(pl.col("stamp") <= each.periods.valid.last)
        bundle = train(seen, replace(recipe, periods=each.periods))
        assert bundle.digest == each.trained.ref.digest
        first, last = np.searchsorted(raw.stamp, [each.test.first, each.test.last + 1]).tolist()
        answers = load_processed(bundle).answer(raw.block(first, last))
        mine = found.signal.filter(version=each.trained.ref.version)
        np.testing.assert_array_equal(mine["signal"].to_numpy(), answers.values[answers.rows])


@pytest.mark.parametrize(
    ("walk", "expected"),
    [
        (Walk(80, 15, "growing"), [(0, 80, 95), (0, 95, 110), (0, 110, 120)]),
        (Walk(80, 20, "rolling"), [(0, 80, 100), (20, 100, 120)]),
        (Walk(80, 500, "growing"), [(0, 80, 120)]),
    ],
)
def test_stretches_follow_one_another(walk: Walk, expected: list[tuple[int, int, int]]) -> None:
    """Every section after the window is asked for once; the last stretch may be short."""
    assert walk.stretches(120) == expected


def test_no_span_of_a_walk_overlaps_the_next(table: BarTable) -> None:
    """Training, validation and test touch, and the embargo is cut out of them."""
    bars = table.frame
    stamps = stamps_of(bars)
    for periods, test in spans_of(np.array(stamps), OWN, Walk(80, 20, "rolling")):
        edges = [
            stamps.index(edge) for edge in (periods.train.last, periods.valid.first, periods.valid.last, test.first)
        ]
        assert edges[1] == edges[0] + 1
        assert edges[3] == edges[2] + 1
        dataset = Dataset.of(bars, replace(OWN, periods=periods), test=test)
        sections = [part.sections for part in dataset.parts.values()]
        assert sections[1][0] - sections[0][1] == HORIZON == sections[2][0] - sections[1][1]


def test_a_walk_is_the_same_twice_and_cached(table: BarTable, tmp_path: Path) -> None:
    """The second one uses the models on record, and the factors on disk."""
    walk, cache = Walk(80, 20), FactorCache(tmp_path / "cache")
    with Registry(tmp_path / "registry", clock=lambda: 1) as registry:
        first = WalkForward(table, OWN, walk, "ann", cache).run(registry)
        again = WalkForward(table, OWN, walk, "ann", cache).run(registry)
    assert first.signal.equals(again.signal)
    assert [each.trained.reused for each in first.stretches] == [False, False]
    assert [each.trained.reused for each in again.stretches] == [True, True]
    assert first.appraisal == again.appraisal


def test_the_signal_is_read_by_the_analysis(table: BarTable, tmp_path: Path) -> None:
    """A file of it is a file of signals."""
    found = walked(table, tmp_path, Walk(80, 20))
    path = tmp_path / "signals.parquet"
    found.signal.write_parquet(path)
    panel = Panel.from_frame(table.frame)
    subject = subject_of("walk", panel, read_signal_file(path), "signal", [1])
    np.testing.assert_array_equal(subject.stamp, panel.stamp[80:])
    assert int(np.isfinite(subject.values).sum()) == found.signal.height
    assert found.signal.select("datetime", "symbol").is_unique().all()
    assert found.signal["datetime"].dtype == pl.read_parquet_schema(path)["datetime"] == table.datetime_type


@pytest.mark.parametrize("recipe", [RECIPE, OWN], ids=["plain", "processed"])
@pytest.mark.parametrize("left", range(1, HORIZON + 2))
def test_a_last_stretch_may_be_too_short_for_a_label(
    table: BarTable, tmp_path: Path, left: int, recipe: Recipe
) -> None:
    """Its answers are signals like any other; what came of them nobody knows yet, so that nothing is judged by it."""
    found = walked(table, tmp_path, Walk(80, 40 - left), recipe)
    assert [each.trained.ref.version for each in found.stretches] == [1, 2]
    newest = found.signal.filter(version=2)
    assert newest["datetime"].n_unique() == left
    whole = walked(table, tmp_path / "whole", Walk(80, 40), recipe)
    assert found.appraisal.rows <= whole.appraisal.rows
    assert found.appraisal.rank_ic.summary.count >= 40 - left - HORIZON


def test_what_is_wrong_with_a_stretch_names_it(table: BarTable, tmp_path: Path) -> None:
    """With its spans, and its place among them."""
    still = replace(SMALL, label="ts_delay(close, -3) * 0")
    told = r"stretch 1 of 2 \(train 2021-01-04 to .*, validation .*, test .*\): there is nothing to learn"
    with pytest.raises(DatasetError, match=told):
        walked(table, tmp_path, Walk(80, 20), replace(RECIPE, factor_set=still))


@pytest.mark.parametrize("walk", [Walk(0, 5), Walk(50, 0), Walk(120, 5), Walk(500, 5)])
def test_a_walk_without_a_step_is_refused(table: BarTable, tmp_path: Path, walk: Walk) -> None:
    """Nothing is registered."""
    with pytest.raises(DatasetError, match="to walk over"):
        walked(table, tmp_path, walk)
    with Registry(tmp_path, clock=lambda: 1) as registry:
        assert registry.models() == []


def test_spans_of_ones_own_are_refused(table: BarTable, tmp_path: Path) -> None:
    """A walk makes them."""
    own = replace(spanned(table.frame), periods=spanned(table.frame).periods)
    with Registry(tmp_path, clock=lambda: 1) as registry, pytest.raises(DatasetError, match="spans of its own"):
        WalkForward(table, own, Walk(80, 20), "ann").run(registry)
    assert between(table.frame, 0, 1).first < between(table.frame, 1, 2).last
