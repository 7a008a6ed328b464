"""Datasets: spans, embargo, raw, infer and learn values; processors fitted on the training rows alone."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from common.errors import DatasetError, FactorError, ModelError, PipelineError, TooFewRowsError
from common.factors.processors.chain import Chain
from common.factors.sets import FactorSet
from common.market.constituents import Constituents, Interval
from common.market.span import Span
from common.market.store import BarTable
from common.research.dataset import Dataset
from common.research.factor_frame import factor_frame
from common.research.periods import Periods, Segment, read_span, sections_of
from common.research.processing import Processing, processing_of
from common.research.recipe import Recipe
from common.research.rows import complete
from tests.common.research.small_market import HORIZON, PROCESSED, RECIPE, SMALL, between, market, spanned, stamps_of

PLAIN = Processing()


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> BarTable:
    """Bars of a small market."""
    return market(tmp_path_factory.mktemp("market"))


@pytest.fixture(scope="module")
def dataset(table: BarTable) -> Dataset:
    """With processors, and a test part."""
    bars = table.frame
    return Dataset.of(table, spanned(bars), test=between(bars, 90, 119))


def test_the_raw_part_is_what_the_engine_publishes(table: BarTable, dataset: Dataset) -> None:
    """Factors of members, datetime and symbol as the file has them, and the label that followed."""
    raw = dataset.fetch_raw(Segment.TEST)
    stamps = stamps_of(table.frame)
    frame = factor_frame(table, SMALL)
    moments = frame["datetime"].unique().sort()
    expected = frame.filter(pl.col("datetime").is_in(moments[90:120].implode()))
    assert raw.columns == ["datetime", "symbol", "return_1", "average_5", "rank_1", "label"]
    assert raw.drop("label").equals(expected)
    assert len(stamps) == 120
    closes = table.frame.sort("stamp").with_columns(
        label=pl.col("close").shift(-3).over("symbol") / pl.col("close").shift(-1).over("symbol") - 1
    )
    tested = closes.filter(pl.col("stamp") >= stamps[90])["label"].drop_nulls().sort()
    np.testing.assert_allclose(raw["label"].drop_nans().sort().to_numpy(), tested.to_numpy(), rtol=1e-12)


def test_parts_are_apart_by_the_horizon(table: BarTable, dataset: Dataset) -> None:
    """Between two spans lie as many sections as the label looks ahead, and they belong to nobody."""
    assert dataset.part(Segment.TRAIN).sections == (0, 60 - HORIZON)
    assert dataset.part(Segment.VALID).sections == (60, 90 - HORIZON)
    assert dataset.part(Segment.TEST).sections == (90, 120)
    for segment, limit in ((Segment.TRAIN, 60), (Segment.VALID, 90), (Segment.TEST, 120)):
        part = dataset.part(segment)
        assert complete(dataset.raw.present[:limit], HORIZON)[slice(*part.sections)][part.learnt].all()


def test_a_gap_between_spans_holds_the_embargo(table: BarTable) -> None:
    """No section is lost where the spans are apart already."""
    bars = table.frame
    apart = replace(RECIPE, periods=Periods(between(bars, 0, 55), between(bars, 60, 89)))
    assert Dataset.of(table, apart).part(Segment.TRAIN).sections == (0, 56)


def test_infer_values_are_the_chains(dataset: Dataset) -> None:
    """Fitted on the training sections, applied to every part: rows are members with a bar and a full look-back."""
    raw = dataset.raw
    chain = Chain.fit(PROCESSED.infer, raw.block(0, 60 - HORIZON))
    for segment, part in dataset.parts.items():
        done = chain.apply(raw.block(*part.sections))
        frame = dataset.fetch_infer(segment)
        np.testing.assert_array_equal(part.features.rows, raw.counted[part.sections[0] : part.sections[1]])
        for place, name in enumerate(done.names):
            np.testing.assert_array_equal(frame[name].to_numpy(), done.values[place][done.rows])
        np.testing.assert_array_equal(frame["label"].to_numpy(), part.label[part.features.rows])


def test_learn_values_have_another_label_and_the_same_features(dataset: Dataset) -> None:
    """Rows with a label, standardised by section; their features are those a model reads live."""
    for segment in Segment:
        infer, learn = dataset.fetch_infer(segment), dataset.fetch_learn(segment)
        joined = learn.join(infer, on=["datetime", "symbol"], suffix="_infer")
        assert joined.height == learn.height > 0
        for name in ("return_1", "average_5", "rank_1"):
            np.testing.assert_array_equal(joined[name].to_numpy(), joined[f"{name}_infer"].to_numpy())
        means = learn.group_by("datetime").agg(pl.col("label").mean())["label"].to_numpy()
        np.testing.assert_allclose(means, 0.0, atol=1e-12)
        samples = dataset.samples(segment)
        np.testing.assert_array_equal(samples.labels, learn["label"].to_numpy())
        np.testing.assert_array_equal(samples.features[2], learn["rank_1"].to_numpy())


def test_learn_processors_change_no_feature(table: BarTable) -> None:
    """What a model would read in training only, it would miss live."""
    only_learn = spanned(table.frame, processing_of([], ["ts_norm"]))
    made, plain = Dataset.of(table, only_learn), Dataset.of(table, spanned(table.frame, PLAIN))
    np.testing.assert_array_equal(made.samples(Segment.VALID).features, plain.samples(Segment.VALID).features)
    labels = made.samples(Segment.TRAIN).labels
    np.testing.assert_allclose([labels.mean(), labels.std()], [0.0, 1.0], atol=1e-12)
    assert abs(made.samples(Segment.VALID).labels.std() - 1.0) > 1e-6


def test_rows_an_infer_processor_drops_are_gone(table: BarTable) -> None:
    """From what is read and from what is learnt, in every part."""
    holed = replace(SMALL, factors=(*SMALL.factors, ("holed", "ts_delay(close, 30) / close")))
    recipe = replace(spanned(table.frame, processing_of(["drop_na:names=holed"], [])), factor_set=holed)
    dropped = Dataset.of(table, recipe)
    whole = Dataset.of(table, replace(recipe, processing=PLAIN))
    for segment in (Segment.TRAIN, Segment.VALID):
        full = whole.fetch_learn(segment).filter(pl.col("holed").is_not_nan())
        assert dropped.fetch_learn(segment).equals(full)


def test_without_spans_the_last_share_validates(table: BarTable) -> None:
    """And a test span decides where history ends."""
    bars = table.frame
    given = Dataset.of(table, RECIPE, test=between(bars, 90, 119))
    history = Dataset.of(bars.filter(pl.col("stamp") < stamps_of(bars)[90]), RECIPE)
    for segment in (Segment.TRAIN, Segment.VALID):
        assert given.part(segment).sections == history.part(segment).sections
        np.testing.assert_array_equal(given.samples(segment).features, history.samples(segment).features)
        np.testing.assert_array_equal(given.samples(segment).labels, history.samples(segment).labels)


def _wrong(table: BarTable) -> dict[str, tuple[Recipe, Span | None, type[PipelineError], str]]:
    bars = table.frame
    first, second, third = between(bars, 0, 59), between(bars, 60, 89), between(bars, 90, 119)
    with_spans = spanned(bars, PLAIN)
    backward = replace(with_spans, factor_set=replace(SMALL, label="close / ts_delay(close, 1)"))
    named = replace(with_spans, factor_set=FactorSet("named", (("label", "close"),), SMALL.label), processing=PROCESSED)
    nothing = replace(
        with_spans,
        factor_set=replace(SMALL, factors=(*SMALL.factors, ("never", "log(close - close)"))),
        processing=processing_of(["drop_na:names=never"], []),
    )
    short = replace(RECIPE, periods=Periods(first, between(bars, 60, 62)))
    late = replace(RECIPE, periods=Periods(first, Span.of("2050-01-01", "2050-12-31")))
    early = replace(RECIPE, periods=Periods(Span.of("1950-01-01", "1950-12-31"), second))
    return {
        "test before validation": (with_spans, first, DatasetError, "begins before the valid span"),
        "test outside": (with_spans, Span.of("2050-01-01", None), DatasetError, "holds none of the bars"),
        "validation outside": (late, None, DatasetError, "valid span (2050-01-01 to"),
        "training outside": (early, third, DatasetError, "train span (1950-01-01 to"),
        "a label that looks back": (backward, None, ModelError, "does not look ahead"),
        "no rows left": (nothing, None, TooFewRowsError, "no rows are left in the train part after processing"),
        "a span shorter than the embargo": (short, None, TooFewRowsError, "has 3 sections of the bars and needs 4"),
        "no features left": (
            replace(with_spans, processing=processing_of([f"drop_feature:names={[n for n, _ in SMALL.factors]}"], [])),
            None,
            DatasetError,
            "leave no feature",
        ),
        "a factor called label": (named, None, DatasetError, "rename it"),
        "an unknown column": (
            replace(with_spans, processing=processing_of(["cs_rank_norm:names=retrun_1"], [])),
            None,
            FactorError,
            "did you mean 'return_1'",
        ),
    }


@pytest.mark.parametrize(
    "what",
    [
        "test before validation",
        "test outside",
        "validation outside",
        "training outside",
        "a label that looks back",
        "no rows left",
        "no features left",
        "a span shorter than the embargo",
        "a factor called label",
        "an unknown column",
    ],
)
def test_what_cannot_be_a_dataset_is_refused(table: BarTable, what: str) -> None:
    """With the span, the label or the column, and what would be right."""
    recipe, test, error, told = _wrong(table)[what]
    with pytest.raises(error) as refused:
        Dataset.of(table, recipe, test=test)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("train", "valid"),
    [
        (("2010-01-01", "2010-06-30"), ("2010-06-30", "2010-12-31")),
        (("2010-01-01", "2010-12-31"), ("2009-01-01", "2009-12-31")),
        (("2010-01-01", "2012-12-31"), ("2011-01-01", "2011-12-31")),
    ],
)
def test_spans_that_overlap_are_refused(train: tuple[str, str], valid: tuple[str, str]) -> None:
    """Or stand in the wrong order."""
    with pytest.raises(DatasetError, match="never overlap"):
        Periods.of(train, valid)


@pytest.mark.parametrize("text", ["2010", "2010..", "..2010-01-01", "2010-13-01..2011-01-01", "2012-01-01..2011-01-01"])
def test_a_text_that_is_no_span_is_refused(text: str) -> None:
    """Saying how one is written, or what is wrong with it."""
    with pytest.raises(DatasetError, match=r"START\.\.END|is no date|ends before"):
        read_span(text)


def test_a_universe_that_is_written_in_another_way_is_refused(table: BarTable) -> None:
    """With one of its symbols, and the closest one of the bars."""
    strangers = Constituents.of(Interval(f"{symbol}.X", 0, 2**61) for symbol in table.frame["symbol"].unique())
    with pytest.raises(
        DatasetError, match=r"the universe has 24 symbols, none with a bar, such as 'S0000\.X'; did you"
    ):
        Dataset.of(table, replace(RECIPE, constituents=strangers))


def test_an_unknown_kind_is_refused_before_anything_is_computed(table: BarTable) -> None:
    """With the closest one; the bars are not looked at."""
    with pytest.raises(ModelError, match="there is no model kind 'linaer'; did you mean 'linear'"):
        Dataset.of(table.frame.clear(), replace(RECIPE, kind="linaer"))


def test_clocks_that_go_back_lose_no_section() -> None:
    """Sections stamped again belong to the one before they were; spans that follow one another share none."""
    stamp = np.array([1, 2, 3, 2, 3, 4, 5], np.int64)
    assert sections_of(stamp, Segment.TRAIN, Span(1, 2)) == (0, 2)
    assert sections_of(stamp, Segment.TRAIN, Span(3, 4)) == (2, 6)
    assert sections_of(stamp, Segment.TRAIN, Span(1, 3)) == (0, 5)


def test_a_part_that_is_not_there_is_refused(table: BarTable) -> None:
    """By its name."""
    with pytest.raises(DatasetError, match="no test part"):
        Dataset.of(table, spanned(table.frame)).fetch_learn(Segment.TEST)
