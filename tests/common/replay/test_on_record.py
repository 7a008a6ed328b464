"""A model on record as a replay takes it: which set it is served with, and what its bars must have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from common.errors import BarFileError, BundleError, ConfigError, FactorError
from common.factors.plan import compile_set
from common.factors.sets import FactorSet, load_set
from common.market.sample import sample_market
from common.market.store import BarTable, load_bars
from common.models.bundle import Bundle
from common.models.manifest import FactorRecord
from common.models.records import ModelRef
from common.models.reference import encode_reference, measure
from common.replay.on_record import OnRecord, Wanted
from tests.common.models.sample_bundle import samples
from tests.services.cluster import toy_bundle
from tests.services.markets import TOY_SET

REF = ModelRef("demo", 1, "0" * 64)
PAID = FactorSet(
    "paid",
    (("return_1", "close / ts_delay(close, 1) - 1"), ("paid", "vwap / close"), ("rank", "cs_rank(close)")),
    TOY_SET.label,
    max_gap=4,
)


@pytest.mark.parametrize(("text", "wanted"), [("demo", Wanted("demo", None)), ("demo/12", Wanted("demo", 12))])
def test_a_model_is_named_with_or_without_its_version(text: str, wanted: Wanted) -> None:
    """As every message of ours writes it."""
    assert Wanted.read(text) == wanted


@pytest.mark.parametrize("text", ["", "/1", "demo/", "demo/0", "demo/-1", "demo/new", "demo/1/2", "demo/\u0661"])
def test_any_other_text_is_refused(text: str) -> None:
    """With what it should look like."""
    with pytest.raises(ConfigError, match="is not NAME or NAME/VERSION, such as demo or demo/3"):
        Wanted.read(text)


def test_a_shipped_set_goes_by_its_name(tmp_path: Path) -> None:
    """If it is the very set: one that has changed since goes by what the bundle says."""
    basic = load_set("basic")
    three = replace(basic, factors=basic.factors[:3])
    changed = OnRecord.of(REF, toy_bundle(three), None)
    assert changed.set_in(tmp_path) == str(tmp_path / "sets" / "basic.toml")
    whole = FactorRecord(basic.name, compile_set(basic).digest.hex(), basic.factors)
    found = OnRecord.of(REF, toy_bundle(three, factor_set=whole), None)
    assert found.set_in(tmp_path) == "basic"
    found.write_set(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("factor_set", [TOY_SET, PAID])
def test_a_set_that_only_the_bundle_has_is_written_down(factor_set: FactorSet, tmp_path: Path) -> None:
    """And reads back as the same plan, with the same label, under the same name."""
    record = FactorRecord(
        factor_set.name, compile_set(factor_set).digest.hex(), factor_set.factors, max_gap=factor_set.max_gap
    )
    model = OnRecord.of(REF, toy_bundle(factor_set, factor_set=record, label=_label(factor_set)), None)
    model.write_set(tmp_path)
    again = load_set(model.set_in(tmp_path))
    assert again == model.factor_set == factor_set
    assert compile_set(again).digest == model.plan.digest


def _label(factor_set: FactorSet) -> Any:
    return replace(toy_bundle().manifest.label, text=factor_set.label)


def test_a_set_with_code_has_to_be_named() -> None:
    """The code is not in the bundle: the message names set, operators and option."""
    record = FactorRecord("own", "0" * 64, TOY_SET.factors, operators=("half_life",))
    with pytest.raises(FactorError, match=r"demo/1 .* 'own', which calls half_life, .*: name the file with --set"):
        OnRecord.of(REF, toy_bundle(factor_set=record), None)


def test_another_set_than_its_own_is_refused(tmp_path: Path) -> None:
    """By another name, or another one of this name."""
    with pytest.raises(FactorError, match=r"with factor set 'toy', not 'basic': leave --set \(SET=\) out"):
        OnRecord.of(REF, toy_bundle(), "basic")
    (tmp_path / "toy.toml").write_text(f"label = '{TOY_SET.label}'\n[factors]\nup = 'close > open'\n", "utf-8")
    with pytest.raises(FactorError, match="made with another factor set of the name 'toy'"):
        OnRecord.of(REF, toy_bundle(), str(tmp_path / "toy.toml"))


def test_a_model_that_answers_otherwise_is_refused() -> None:
    """Before anything is promoted: its golden answers are computed."""
    honest, other = toy_bundle(), toy_bundle(seed=8)
    swapped = replace(honest, files={**honest.files, "golden_outputs.npy": other.files["golden_outputs.npy"]})
    with pytest.raises(BundleError, match="golden outputs differ"):
        OnRecord.of(REF, swapped, None)


def bars(folder: Path, *left_out: str) -> BarTable:
    """A few bars without some columns."""
    sample_market(symbols=20, days=60).drop(left_out).write_parquet(folder / "bars.parquet")
    return load_bars(folder / "bars.parquet")


def paid_model(*never: str) -> OnRecord:
    """A model of which a feature needs turnover; those named here were missing in all of its training."""
    features = tuple(name for name, _ in PAID.factors)
    seen = samples(50).features.copy()
    seen[[place for place, name in enumerate(features) if name in never]] = float("nan")
    told, files = encode_reference(measure(seen, seen[0]))
    record = FactorRecord(PAID.name, compile_set(PAID).digest.hex(), PAID.factors, max_gap=PAID.max_gap)
    bundle = toy_bundle(PAID, factor_set=record, reference=told)
    return OnRecord.of(REF, Bundle.make(bundle.manifest, {**bundle.files, **files}), None)


def test_a_column_it_learnt_from_has_to_be_there(tmp_path: Path) -> None:
    """Absent, or there without one number: the message names file, column, model and feature."""
    for table in (bars(tmp_path, "turnover"), _empty(bars(tmp_path))):
        with pytest.raises(BarFileError, match=r"bars.parquet has no turnover, and demo/1 learnt from it: paid; add"):
            paid_model().check_bars(Path("bars.parquet"), table)
    paid_model().check_bars(Path("bars.parquet"), bars(tmp_path))


def _empty(table: BarTable) -> BarTable:
    return replace(table, frame=table.frame.with_columns(turnover=pl.lit(float("nan"))))


def test_a_column_that_training_lacked_too_may_be_absent(tmp_path: Path) -> None:
    """It learnt from its absence."""
    model = paid_model("paid")
    model.check_bars(Path("bars.parquet"), bars(tmp_path, "turnover"))
    assert "turnover" in model.plan.columns
