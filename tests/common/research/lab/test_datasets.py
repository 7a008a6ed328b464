"""Datasets of a lab: what is loaded is what was saved, to the bit; what was changed is refused."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.errors import DatasetError, LabError
from common.factors.sets import read_set
from common.market.constituents import Constituents, Interval
from common.market.stamp_form import StampForm
from common.market.store import BarTable
from common.research.dataset import Dataset
from common.research.lab import Lab
from common.research.periods import Segment
from common.research.processing import Processing, processing_of
from common.research.recipe import Recipe
from common.research.recipe_words import decode_recipe, encode_recipe
from common.research.training import train
from tests.common.research.kept import array_of
from tests.common.research.small_market import RECIPE, SMALL, between, market, spanned

VNPY = (
    "save_bar_data", "load_bar_data", "load_bar_df", "save_component_data", "load_component_data",
    "load_component_symbols", "load_component_filters", "add_contract_setting", "save_dataset", "load_dataset",
    "remove_dataset", "list_all_datasets", "save_model", "load_model", "remove_model", "list_all_models",
    "save_signal", "load_signal", "remove_signal", "list_all_signals",
)  # fmt: skip
"""Methods of `AlphaLab` of vnpy 4.5.0, `load_contract_setttings` left out: it is misspelt there."""

OWN = """
from common.factors.own_operators import window_operator


@window_operator("halved(x, window)")
def halved(values):
    return values.mean() / 2.0


operators = [halved]
factors = {"half": "halved(close, 5) / close"}
label = "ts_delay(close, -3) / ts_delay(close, -1) - 1"
"""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> BarTable:
    """Bars of a small market."""
    return market(tmp_path_factory.mktemp("market"))


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """An empty lab."""
    return Lab(tmp_path / "lab", clock=lambda: 1, author="tester")


def recipes(bars: pl.DataFrame) -> dict[str, Recipe]:
    """One of each kind: what is left out, and all that can be said."""
    members = Constituents.of(Interval(symbol, 0, 2**61) for symbol in bars["symbol"].unique().sort().to_list()[1:])
    gappy = replace(SMALL, max_gap=5)
    return {
        "plain": RECIPE,
        "spans and processors": spanned(bars),
        "raw label": replace(RECIPE, processing=Processing(learn=())),
        "everything": replace(
            spanned(bars, processing_of(["ts_norm", "fill_na:fill_value=0"], [])),
            factor_set=gappy,
            kind="linear",
            parameters={"alpha": [0.1, 1.0]},
            patience_bars=7,
            min_coverage=0.25,
            constituents=members,
            label_processing="none",
        ),
    }


def test_a_dataset_is_loaded_as_it_was_saved(lab: Lab, table: BarTable) -> None:
    """Every part, in every form, whatever its recipe; a model of it has the same bytes."""
    bars, test = table.frame, between(table.frame, 90, 119)
    made = {name: Dataset.of(table, recipe, test=test) for name, recipe in recipes(bars).items()}
    for name, dataset in made.items():
        lab.save_dataset(name, dataset)
    assert lab.list_all_datasets() == sorted(made)
    for name, dataset in made.items():
        found = lab.load_dataset(name)
        assert (found.recipe, found.test, found.form) == (dataset.recipe, test, table.form)
        assert found.chain.save() == dataset.chain.save()
        for segment in Segment:
            for one, other in zip(_forms(found, segment), _forms(dataset, segment), strict=True):
                assert one.equals(other, null_equal=True)
    recipe = made["spans and processors"].recipe
    loaded = lab.load_dataset("spans and processors")
    assert train(bars, recipe, prepared=lambda: loaded) == train(bars, recipe)


def _forms(dataset: Dataset, segment: Segment) -> Iterable[pl.DataFrame]:
    return dataset.fetch_raw(segment), dataset.fetch_infer(segment), dataset.fetch_learn(segment)


def test_one_saved_later_replaces_the_older_one(lab: Lab, table: BarTable) -> None:
    """Also while the older one is still in use; a removed one is gone, and nothing lies beside it."""
    lab.save_dataset("mine", Dataset.of(table, RECIPE))
    older = lab.load_dataset("mine")
    lab.save_dataset("mine", Dataset.of(table, spanned(table.frame)))
    assert lab.load_dataset("mine").recipe == spanned(table.frame)
    np.testing.assert_array_equal(older.raw.factors.values, lab.load_dataset("mine").raw.factors.values)
    lab.remove_dataset("mine")
    assert lab.list_all_datasets() == []
    assert [path.name for path in (lab.root / "dataset").rglob("*")] == [".arrays"]


@pytest.mark.parametrize("kind", [pl.Date(), pl.String(), pl.Datetime("ns", "Asia/Shanghai")], ids=str)
def test_stamps_keep_their_kind(lab: Lab, table: BarTable, kind: pl.DataType) -> None:
    """Dates, texts, and times of a zone."""
    lab.save_dataset("mine", replace(Dataset.of(table, RECIPE), form=StampForm(kind, 5)))
    assert lab.load_dataset("mine").form == StampForm(kind, 5)


@pytest.mark.parametrize("name", ["entry", "values", "columns"])
def test_a_dataset_that_was_changed_is_refused(lab: Lab, table: BarTable, name: str) -> None:
    """By its place, and nothing else of the lab suffers."""
    dataset = Dataset.of(table, RECIPE)
    lab.save_dataset("mine", dataset)
    folder = lab.root / "dataset"
    victim = folder / "mine.entry" if name == "entry" else array_of(folder / "mine.entry", name)
    body = bytearray(victim.read_bytes())
    body[-1] ^= 1
    victim.write_bytes(body)
    with pytest.raises(LabError, match=r"dataset/mine.entry: cannot be read: .* is not what was written; save"):
        lab.load_dataset("mine")
    assert lab.list_all_datasets() == ["mine"]
    lab.save_dataset("mine", dataset)
    assert lab.load_dataset("mine").fetch_learn(Segment.TRAIN).equals(dataset.fetch_learn(Segment.TRAIN))


def test_what_is_not_there_is_named(lab: Lab, table: BarTable) -> None:
    """With the closest name there is."""
    lab.save_dataset("csi300", Dataset.of(table, RECIPE))
    for wanted in (lab.load_dataset, lab.remove_dataset):
        with pytest.raises(LabError, match="no dataset 'csi30'; did you mean 'csi300'"):
            wanted("csi30")


def test_code_of_the_users_is_not_kept(lab: Lab, table: BarTable, tmp_path: Path) -> None:
    """A set that calls it is refused before anything is written; one of compositions stands without them."""
    own = tmp_path / "own.py"
    own.write_text(OWN, encoding="utf-8")
    factor_set = read_set(own)
    assert decode_recipe(encode_recipe(replace(RECIPE, factor_set=SMALL))) == RECIPE
    dataset = Dataset.of(table, replace(RECIPE, factor_set=factor_set))
    with pytest.raises(DatasetError, match="calls halved, whose code lies in the set's own file"):
        lab.save_dataset("mine", dataset)
    assert lab.list_all_datasets() == []


def test_the_names_are_vnpys() -> None:
    """Whoever comes from its lab finds all of them."""
    assert [name for name in VNPY if not callable(getattr(Lab, name, None))] == []
