"""From an export to findings and a verdict."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.errors import ExportError
from common.research.migration.candidate import Candidate
from common.research.migration.export import Export
from common.research.migration.migration import ARITHMETIC, PROCESSORS, Migration, migrate
from common.research.migration.predictions import Limit
from common.research.migration.reasons import APART, Reason
from scripts.views.migration import verdict
from tests.common.research.migration.exports import (
    FILL,
    ODD,
    PERIODS,
    SAME,
    Lab,
    Members,
    answer_again,
    bars_of_lab,
    candidate,
    change,
    make_export,
)

LEAVING = "S0004"


def taken(lab: Lab, folder: Path, limit: Limit | None = None) -> Migration:
    """The same, compared."""
    return migrate(candidate(lab, folder), limit or Limit())


def index(lab: Lab) -> Members:
    """Everybody all the time, but for one who leaves and one who never was in it."""
    names = sorted(lab.frame["vt_symbol"].unique())[1:]
    return {name: ("2021-01-01", "2021-06-30" if name == LEAVING else "2030-01-01") for name in names}


@pytest.fixture(scope="module")
def same(lab: Lab) -> Migration:
    """Factors both agree on."""
    return taken(lab, make_export(lab, "same", SAME))


@pytest.fixture(scope="module")
def odd(lab: Lab) -> Migration:
    """A factor for each difference beside those both agree on, in an index."""
    return taken(lab, make_export(lab, "odd", SAME | ODD, members=index(lab), infer=[FILL]))


def test_what_agrees_may_be_registered(same: Migration) -> None:
    """Every row of every factor, and every prediction."""
    assert same.holds
    assert [each.name for each in same.findings] == list(SAME)
    assert all(set(each.reasons) <= {Reason.ROUNDING} for each in same.findings)
    assert same.change.largest < 1e-9
    assert same.change.rows == sum(each.rows for each in same.parts.values()) > 3000
    assert list(same.parts) == ["train", "valid", "test"]
    assert not [each for each in same.movers if each.beyond]


def test_rows_are_accounted_for(same: Migration) -> None:
    """Compared and cold ones together are all there are: nothing here is no bar."""
    export = same.candidate.export
    assert same.rows.compared + same.rows.cold == export.raw.height
    assert same.rows.no_bar == 0
    assert same.rows.cold == 9 * export.raw["symbol"].n_unique()


@pytest.mark.parametrize(("name", "reason"), list(zip(ODD, APART, strict=True)))
def test_each_difference_is_named_with_its_number(odd: Migration, name: str, reason: Reason) -> None:
    """It alone explains every row, by more than rounding, and nothing stays unexplained."""
    found = next(each for each in odd.findings if each.name == name)
    assert reason in found.reasons
    cause = next(each for each in found.causes if each.reason is reason)
    assert cause.largest is not None
    assert cause.largest > 0.001
    assert cause.rows > 0.9 * found.rows
    assert set(found.reasons) <= {reason, Reason.ROUNDING}


def test_members_touch_every_section_they_are_in(odd: Migration) -> None:
    """A rank among fewer is another rank; what knows no section stays."""
    found = {each.name: each for each in odd.findings}
    assert found["rank"].reasons == (Reason.MEMBERS,)
    assert set(found["roc_5"].reasons) <= {Reason.ROUNDING}


def test_what_moves_predictions_is_named(odd: Migration) -> None:
    """Largest first, none that agrees; the model is not to be registered."""
    assert not odd.holds
    assert odd.change.beyond > 0.2
    moves = [each.mean for each in odd.movers]
    assert moves == sorted(moves, reverse=True)
    assert {each.name for each in odd.movers} <= {*ODD, "rank"}
    assert odd.movers[0].beyond > 0.05


def test_a_limit_decides(lab: Lab, odd: Migration) -> None:
    """The same migration passes where enough predictions may move, or move far."""
    assert Limit(0.01, odd.change.beyond).holds(odd.change, odd.coverage)
    assert not Limit(0.01, odd.change.beyond * 0.99).holds(odd.change, odd.coverage)
    found = taken(lab, Path(lab.folder / "export" / "migration" / "odd"), Limit(odd.change.largest))
    assert found.holds
    assert found.change.beyond == 0.0


def test_missing_values_are_put_down_to_what_is_missing(lab: Lab) -> None:
    """A number in vnpy where here is none: one side only, and the reason says so."""
    folder = make_export(lab, "holes", SAME | {"low": "log(close - ts_delay(close, 1))"})
    export = Export.read(folder)
    raw = export.raw.with_columns(low=export.raw["low"].fill_nan(0.0))
    holed = Candidate.of(export, bars_of_lab(lab), "taken")
    found = migrate(_with_raw(holed, raw), Limit())
    low = next(each for each in found.findings if each.name == "low")
    assert low.one_sided == next(each.rows for each in low.causes if each.reason is Reason.MISSING) > 100
    assert Reason.UNEXPLAINED not in low.reasons


def test_what_nothing_explains_is_said(lab: Lab) -> None:
    """A value of a plain factor that is another one for no reason we know."""
    found = candidate(lab, lab.folder / "export" / "migration" / "holes")
    raw = found.export.raw.with_columns(roc_5=found.export.raw["roc_5"] + 0.1)
    changed = migrate(_with_raw(found, raw), Limit())
    roc = next(each for each in changed.findings if each.name == "roc_5")
    assert roc.reasons == (Reason.UNEXPLAINED,)
    assert roc.agreeing == 0
    assert roc.median == pytest.approx(0.1 / roc.std)


def test_processors_fitted_on_training_alone_are_told_apart(lab: Lab) -> None:
    """A normaliser of vnpy without a span knows the test span; even on its own factors ours changes predictions."""
    folder = make_export(lab, "normed", SAME)
    change(folder, infer_processors=[{"name": "process_robust_zscore_norm", "arguments": {}}])
    found = taken(lab, folder)
    assert found.processing.beyond > 0.2
    assert not found.movers
    assert found.culprits == (PROCESSORS,)
    assert not found.holds


def test_processors_fitted_on_vnpys_training_span_change_nothing(lab: Lab) -> None:
    """All of it, without an embargo, and rows without a full look-back too, as vnpy does."""
    folder = make_export(lab, "fitted", SAME)
    span = PERIODS["train"]
    told = {"fit_start_time": span[0], "fit_end_time": f"{span[1]}T00:00:00", "clip_outlier": True}
    change(folder, infer_processors=[{"name": "process_robust_zscore_norm", "arguments": told}])
    raw = pl.read_parquet(folder / "raw.parquet").sort("datetime", "vt_symbol")
    learnt = raw.filter(pl.col("datetime").is_between(*pl.Series(span).str.to_datetime()))
    for name in SAME:
        middle = np.nanmedian(learnt[name].to_numpy())
        spread = (np.nanmedian(np.abs(learnt[name].to_numpy() - middle)) + 1e-12) * 1.4826
        raw = raw.with_columns(((pl.col(name) - middle) / spread).clip(-3, 3))
    raw.write_parquet(folder / "inferred.parquet")
    answer_again(folder, raw)
    found = taken(lab, folder)
    assert found.processing.largest < 1e-6
    assert found.holds
    assert found.culprits == ()


def test_answers_of_fewer_bits_are_told_apart_and_no_processors_are_blamed(lab: Lab) -> None:
    """As of a network that vnpy computes in 32 bits: on its own features ours answers almost the same."""
    folder = make_export(lab, "narrow", SAME, infer=[FILL])
    answers = pl.read_parquet(folder / "predictions.parquet")
    said = answers["prediction"].to_numpy()
    shaken = said + 1e-5 * said.std() * np.random.default_rng(1).uniform(-1.0, 1.0, len(said))
    answers.with_columns(prediction=pl.Series(shaken)).write_parquet(folder / "predictions.parquet")
    found = taken(lab, folder)
    assert found.holds
    assert found.culprits == ()
    assert found.processing.largest < 1e-9
    assert found.arithmetic.largest == pytest.approx(1e-5, rel=0.02)
    strict = taken(lab, folder, Limit(1e-6))
    assert (strict.holds, strict.culprits) == (False, (ARITHMETIC,))
    assert "What moves them most: arithmetic. vnpy's networks compute in 32 bits" in verdict(strict, None)[-1]


def test_a_normaliser_of_another_span_is_named_before_the_factors(lab: Lab) -> None:
    """Which alone move nothing."""
    found = migrate(candidate(lab, lab.folder / "export" / "migration" / "normed"), Limit(0.01, 1.0))
    assert found.holds
    assert found.culprits == (PROCESSORS,)


def test_too_few_compared_predictions_never_hold(lab: Lab) -> None:
    """However near they are: rows are counted by what became of them, and the limit says how many there must be."""
    folder = make_export(lab, "young", SAME | {"long": "ts_mean(close, 120) / close"})
    found = taken(lab, folder)
    cover = found.coverage
    assert found.change.beyond == 0.0
    assert cover.cold > 0.1 * cover.asked
    assert cover.asked == cover.compared + cover.cold
    assert found.candidate.export.predictions.height == cover.asked
    assert not found.holds
    assert taken(lab, folder, Limit(compared=cover.share)).holds


def test_a_factor_that_needs_more_bars_than_were_loaded_says_what_to_do(lab: Lab) -> None:
    """One that remembers everything counts from hundreds of bars on."""
    folder = make_export(lab, "recursive", SAME | {"rsi": "ta_rsi(close, 14)"})
    with pytest.raises(ExportError, match="Load more bars with vnpy's extended_days, and export again"):
        taken(lab, folder)


@pytest.mark.parametrize("text", ["close", "(close)"])
def test_a_bare_column_can_be_a_factor(lab: Lab, text: str) -> None:
    """Also where nothing explains its values."""
    name = f"bare{len(text)}"
    found = candidate(lab, make_export(lab, name, SAME | {"bare": text}))
    raw = found.export.raw.with_columns(bare=found.export.raw["bare"] + 0.1)
    bare = next(each for each in migrate(_with_raw(found, raw), Limit()).findings if each.name == "bare")
    assert Reason.UNEXPLAINED in bare.reasons


def test_a_factor_may_be_called_segment(lab: Lab) -> None:
    """That is a column of predictions alone."""
    found = taken(lab, make_export(lab, "segment", {"segment": SAME["roc_5"], **SAME}))
    assert found.holds
    assert found.candidate.export.features == ("segment", *SAME)


@pytest.mark.parametrize(
    "periods",
    [
        {"train": ("2021-2-1", "2021-8-31"), "valid": ("20210901", "20211031")},
        {"train": ("2021-02-01", "2021-10-31"), "valid": ("2021-09-01", "2021-10-31")},
    ],
)
def test_spans_are_read_as_vnpy_reads_them(lab: Lab, periods: dict[str, tuple[str, str]]) -> None:
    """Short and compact dates; where they overlap training ends before validation begins."""
    name = f"spans-{periods['train'][0]}"
    folder = make_export(lab, name, SAME)
    change(folder, periods={**periods, "test": PERIODS["test"]})
    spans = taken(lab, folder).candidate.recipe.periods
    assert spans is not None
    assert spans.valid.first == 1_630_454_400_000_000_000
    assert spans.train.last < spans.valid.first


def test_texts_all_wrong_are_listed_at_once(lab: Lab) -> None:
    """Each with its factor, position and what was probably meant."""
    folder = make_export(lab, "texts", SAME)
    change(folder, factors={"roc_5": "ts_men(close, 5)", "std_10": "close +", "rank": "close / open"})
    with pytest.raises(ExportError, match=r"2 of 3 texts: factor 'roc_5'.*did you mean 'ts_mean'.*factor 'std_10'"):
        candidate(lab, folder)


def _with_raw(found: Candidate, raw: pl.DataFrame) -> Candidate:
    return replace(found, export=replace(found.export, raw=raw))
