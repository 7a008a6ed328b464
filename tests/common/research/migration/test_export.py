"""Exports that are damaged, incomplete, or say what has no counterpart here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from common.errors import ExportError
from common.research.migration.candidate import Candidate
from common.research.migration.export import Export
from tests.common.research.migration.exports import PERIODS, SAME, Lab, bars_of_lab, candidate, change, make_export

EARLY = {"fit_start_time": "2001-1-1", "fit_end_time": "20011231"}
Damage = Callable[[Path], Any]


@pytest.fixture
def folder(own_lab: Lab) -> Path:
    """A sound export."""
    return make_export(own_lab, "damaged", SAME)


def frame(name: str, damage: Callable[[pl.DataFrame], pl.DataFrame]) -> Damage:
    """Damage done to one of its frames."""
    return lambda folder: damage(pl.read_parquet(folder / name)).write_parquet(folder / name)


def test_a_sound_one_is_read(folder: Path) -> None:
    """Stamps in ns, numbers as f8, features in vnpy's order."""
    found = Export.read(folder)
    assert found.features == tuple(SAME)
    assert found.raw.columns == ["stamp", "symbol", *SAME, "label"]
    assert found.raw.schema["stamp"] == pl.Int64
    assert set(found.raw.dtypes[2:]) == {pl.Float64}
    assert found.whole == frozenset()


def test_columns_vnpy_held_as_whole_numbers_are_known(folder: Path) -> None:
    """Of them it makes whole means."""
    frame("loaded.parquet", lambda found: found.cast({"volume": pl.Int64}))(folder)
    assert Export.read(folder).whole == {"volume"}


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: (folder / "migration.json").unlink(), r"is no export: migration.json cannot be read"),
        (lambda folder: (folder / "migration.json").write_text('{"format": 1,', encoding="utf-8"), "Invalid JSON"),
        (lambda folder: change(folder, format=2), "format: Input should be 1"),
        (lambda folder: change(folder, factors=["close"]), "factors: Input should be an object"),
        (lambda folder: change(folder, surprise=1), "surprise: Extra inputs are not permitted"),
        (lambda folder: (folder / "raw.parquet").unlink(), r"raw.parquet cannot be read as parquet"),
        (lambda folder: (folder / "raw.parquet").write_bytes(b"PAR1"), r"raw.parquet cannot be read as parquet"),
        (frame("raw.parquet", lambda found: found.rename({"rank": "rnk"})), "no column 'rank'; did you mean 'rnk'"),
        (frame("loaded.parquet", lambda found: found.drop("close")), "loaded.parquet has no column 'close'"),
        (frame("predictions.parquet", lambda found: found.drop("prediction")), "no column 'prediction'"),
        (frame("predictions.parquet", lambda found: found.drop("segment")), "no column 'segment'"),
        (frame("predictions.parquet", lambda found: found.with_columns(segment=1)), "vt_symbol and segment a text"),
        (frame("predictions.parquet", lambda found: pl.concat([found, found.head(1)])), "a bar of a symbol twice"),
        (frame("raw.parquet", lambda found: pl.concat([found, found.head(1)])), "a bar of a symbol twice"),
        (frame("raw.parquet", lambda found: found.cast({"datetime": pl.String})), "datetime must be a time"),
        (frame("raw.parquet", lambda found: found.with_columns(stamp=1.0)), "cannot be called 'stamp'"),
        (
            frame("raw.parquet", lambda found: found.with_columns(rank=pl.lit("high"))),
            "raw.parquet holds what is no number",
        ),
    ],
)
def test_damage_is_told_by_file(folder: Path, damage: Damage, told: str) -> None:
    """Before anything is computed."""
    damage(folder)
    with pytest.raises(ExportError, match=told):
        Export.read(folder)


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ({"factors_without_text": ["mine"]}, "mine have no text, only values"),
        ({"label": ""}, "has no label"),
        ({"label": "ts_dely(close, -3)"}, "did you mean 'ts_delay'"),
        ({"label": "ts_delay(close, 3)"}, "does not look ahead"),
        ({"periods": {"train": ("2021-02-01", "2021-08-31")}}, "has no valid period"),
        ({"infer_processors": [{"name": "process_fil_na", "arguments": {}}]}, "did you mean 'fill_na'"),
        ({"infer_processors": [{"name": "process_fill_na", "arguments": {"value": 0}}]}, "no parameter 'value'"),
        (
            {"periods": {"train": ("2021-08-01", "2021-08-31"), "valid": ("2021-02-01", "2021-10-31")}},
            "never overlap",
        ),
        ({"periods": {"train": ("2021-02-31", "2021-08-31"), "valid": PERIODS["valid"]}}, "'2021-02-31' is no date"),
        ({"label": "close / ts_delay(close, 5)"}, "dataset mine: label .* does not look ahead"),
        (
            {"infer_processors": [{"name": "process_robust_zscore_norm", "arguments": EARLY}]},
            "robust_zscore_norm has no rows to be fitted on",
        ),
    ],
)
def test_what_has_no_counterpart_is_told(own_lab: Lab, folder: Path, says: dict[str, Any], told: str) -> None:
    """With what is meant, where something close is there."""
    change(folder, **says)
    with pytest.raises(Exception, match=told) as raised:
        candidate(own_lab, folder)
    assert type(raised.value).__module__ == "common.errors"


def test_predictions_of_another_model_are_refused(own_lab: Lab, folder: Path) -> None:
    """The weights must give them."""
    file = folder / "predictions.parquet"
    pl.read_parquet(file).with_columns(pl.col("prediction") * 1.01).write_parquet(file)
    with pytest.raises(ExportError, match="gives other predictions than those exported, by up to"):
        candidate(own_lab, folder)


@pytest.mark.parametrize("name", ["loaded", "raw", "inferred", "predictions"])
def test_an_empty_frame_is_refused(folder: Path, name: str) -> None:
    """Of nothing nothing can be compared."""
    frame(f"{name}.parquet", lambda found: found.head(0))(folder)
    with pytest.raises(ExportError, match=rf"{name}.parquet holds no rows; export it again"):
        Export.read(folder)


def test_predictions_must_answer_all_rows_and_no_others(own_lab: Lab, folder: Path) -> None:
    """Three right answers prove nothing of the others."""
    kept = pl.read_parquet(folder / "predictions.parquet")
    kept.tail(3).write_parquet(folder / "predictions.parquet")
    with pytest.raises(ExportError, match=rf"{kept.height - 3:,} of the {kept.height:,} rows of the periods of mine"):
        candidate(own_lab, folder)
    foreign = kept.head(1).with_columns(pl.lit("X").alias("vt_symbol"))
    pl.concat([kept, foreign]).write_parquet(folder / "predictions.parquet")
    with pytest.raises(ExportError, match="are of rows that dataset mine does not hold"):
        candidate(own_lab, folder)


def test_a_span_to_fit_on_is_read_as_vnpy_reads_it(folder: Path) -> None:
    """A date is its midnight, and one end alone is none."""
    words = {"name": "process_robust_zscore_norm"}
    both = {"fit_start_time": "2021-2-1", "fit_end_time": "20210831"}
    told = [{**words, "arguments": each} for each in (both, {"fit_end_time": "2021-08-31", "clip_outlier": False})]
    change(folder, infer_processors=told)
    whole, alone = Export.read(folder).definition.processing().infer
    midnights = {"fit_start_time": "2021-02-01 00:00:00", "fit_end_time": "2021-08-31 00:00:00"}
    assert whole.parameters == {**midnights, "clip_outlier": True}
    assert alone.parameters == {"fit_start_time": None, "fit_end_time": None, "clip_outlier": False}


def test_bars_of_one_symbol_are_not_those_of_a_market(own_lab: Lab, folder: Path) -> None:
    """Nearly all that had been loaded must be there, so that sections are the same."""
    export, bars = Export.read(folder), bars_of_lab(own_lab)
    some = bars.filter(pl.col("symbol") == bars["symbol"][0])
    with pytest.raises(ExportError, match=rf"only {some.height:,} of the .* bars the dataset held are among the bars"):
        Candidate.of(export, some, "taken")
    with pytest.raises(ExportError, match="there are none; give the bars it was loaded from"):
        Candidate.of(export, bars.head(0), "taken")
    nearly = bars.filter(pl.int_range(pl.len()) % 150 != 0)
    assert Candidate.of(export, nearly, "taken").bars.height == nearly.height


def test_bars_of_another_market_are_refused(own_lab: Lab, folder: Path) -> None:
    """Other symbols, other volumes, other prices."""
    export, bars = Export.read(folder), bars_of_lab(own_lab)
    with pytest.raises(ExportError, match=r"none of the .* bars the dataset held are among the bars"):
        Candidate.of(export, bars.with_columns(pl.col("symbol") + ".X"), "taken")
    with pytest.raises(ExportError, match=r"volume of only 0.0 % of the bars"):
        Candidate.of(export, bars.with_columns(pl.col("volume") + 1), "taken")
    bent = pl.col("close") * (1 + 0.01 * pl.int_range(pl.len()) / pl.len())
    with pytest.raises(ExportError, match="close of only"):
        Candidate.of(export, bars.with_columns(bent), "taken")
