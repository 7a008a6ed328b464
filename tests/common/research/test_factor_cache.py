"""The cache of factors: hit by what decides them, whole or not there, never believed when damaged."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from common.errors import FactorError
from common.factors.plan import Plan, compile_set
from common.market.constituents import Constituents, Interval
from common.market.store import BarTable
from common.research import array_store, factor_cache
from common.research.dataset import Dataset
from common.research.factor_cache import FactorCache, key_of
from common.research.periods import Segment
from common.research.raw import Raw, compute_raw
from common.research.raw_file import ARRAYS
from common.research.recipe import Recipe
from common.research.training import train
from tests.common.research.kept import array_of
from tests.common.research.small_market import RECIPE, SMALL, market, spanned


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> BarTable:
    """Bars of a small market."""
    return market(tmp_path_factory.mktemp("market"), symbols=20, days=110)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which sets were computed."""
    computed: list[str] = []

    def counting(bars: pl.DataFrame, recipe: Recipe, plan: Plan) -> Raw:
        computed.append(recipe.factor_set.name)
        return compute_raw(bars, recipe, plan)

    monkeypatch.setattr(factor_cache, "compute_raw", counting)
    return computed


def entry(folder: Path) -> Path:
    """The one entry of a cache."""
    (found,) = folder.glob("*.entry")
    return found


def test_other_processors_and_spans_compute_no_factors(table: BarTable, tmp_path: Path, counted: list[str]) -> None:
    """The second dataset is read, and is what it would have been."""
    cache, bars = FactorCache(tmp_path), table.frame
    Dataset.of(table, RECIPE, cache=cache)
    cached = Dataset.of(table, spanned(bars), cache=cache)
    assert counted == ["small"]
    fresh = Dataset.of(table, spanned(bars))
    for segment in (Segment.TRAIN, Segment.VALID):
        assert cached.fetch_raw(segment).equals(fresh.fetch_raw(segment), null_equal=True)
        assert cached.fetch_learn(segment).equals(fresh.fetch_learn(segment))
    assert train(bars, spanned(bars), prepared=lambda: cached) == train(bars, spanned(bars))


def test_what_decides_the_factors_decides_the_entry(table: BarTable) -> None:
    """Bars, texts, names, what a label reads, membership; not the label itself, the model, its processors or spans."""
    bars = table.frame
    renamed = replace(SMALL, factors=(("first", SMALL.factors[0][1]), *SMALL.factors[1:]))
    others = {
        "factors": (bars, replace(RECIPE, factor_set=replace(SMALL, factors=SMALL.factors[:2]))),
        "names": (bars, replace(RECIPE, factor_set=renamed)),
        "columns": (bars, replace(RECIPE, factor_set=replace(SMALL, label="ts_delay(open, -2) / open - 1"))),
        "bars": (bars.head(-1), RECIPE),
        "patience": (bars, replace(RECIPE, patience_bars=3)),
        "members": (bars, replace(RECIPE, constituents=Constituents.of([Interval("S0000", 0, 2**61)]))),
    }
    keys = {what: key_of(frame, recipe, compile_set(recipe.factor_set)) for what, (frame, recipe) in others.items()}
    own = key_of(bars, RECIPE, compile_set(SMALL))
    assert len({own, *keys.values()}) == len(others) + 1
    alike = replace(SMALL, label="ts_delay(close, -2) / close - 1")
    same = replace(spanned(bars), kind="linear", parameters={}, name="other", factor_set=alike)
    assert key_of(bars, same, compile_set(SMALL)) == own


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    place=st.floats(0.0, 1.0, exclude_max=True),
    file=st.sampled_from(["entry", *ARRAYS]),
    how=st.sampled_from(["bit", "cut", "gone"]),
)
def test_a_damaged_entry_is_told_and_computed_again(
    table: BarTable, tmp_path_factory: pytest.TempPathFactory, place: float, file: str, how: str
) -> None:
    """Whichever bit, end or file it is; the values are the true ones, and the entry is whole again."""
    assume((file, how) != ("entry", "gone"))  # that is no entry
    folder, told = tmp_path_factory.mktemp("cache"), list[str]()
    cache = FactorCache(folder, told.append)
    plan = compile_set(SMALL)
    true = cache.raw(table.frame, RECIPE, plan)
    victim = entry(folder) if file == "entry" else array_of(entry(folder), file)
    body = bytearray(victim.read_bytes())
    at = int(place * len(body))
    if how == "bit":
        body[at] ^= 1
    victim.unlink()
    if how != "gone":
        victim.write_bytes(body[:at] if how == "cut" else body)
    found = cache.raw(table.frame, RECIPE, plan)
    np.testing.assert_array_equal(found.factors.values, true.factors.values)
    assert len(told) == 1
    assert "computed again" in told[0]
    cache.raw(table.frame, RECIPE, plan)
    assert len(told) == 1
    shutil.rmtree(folder)


def test_what_cannot_be_kept_is_told_and_used(table: BarTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs no training; it leaves no entry, and no half of one."""

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    told: list[str] = []
    monkeypatch.setattr(array_store, "sync_folder", full)
    found = Dataset.of(table, RECIPE, cache=FactorCache(tmp_path, told.append))
    assert found.fetch_learn(Segment.TRAIN).equals(Dataset.of(table, RECIPE).fetch_learn(Segment.TRAIN))
    assert ["cannot be written: No space left on device; these factors are not kept" in each for each in told] == [True]
    assert [path.name for path in tmp_path.rglob("*")] == [".arrays"]


def test_a_set_that_cannot_be_compiled_writes_nothing(table: BarTable, tmp_path: Path) -> None:
    """The cache is not even made."""
    wrong = replace(RECIPE, factor_set=replace(SMALL, factors=(("a", "cloze"),)))
    with pytest.raises(FactorError, match="cloze"):
        Dataset.of(table, wrong, cache=FactorCache(tmp_path / "cache"))
    assert not (tmp_path / "cache").exists()
