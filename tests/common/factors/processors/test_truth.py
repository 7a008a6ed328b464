"""Every processor against its plain definition in long double; digits are counted in units of the result's scale."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from common.factors.processors.chain import Chain
from common.factors.processors.feature_block import LABEL, FeatureBlock
from common.factors.processors.table import make_processor
from tests.common.factors.processors.blocks import FEATURES, NAMES, Floats, blocks
from tests.common.factors.processors.definitions import BY_SECTION, Long, normal_of, robust_of

MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DIGITS = 1e-12


def column_of(block: FeatureBlock, name: str) -> Floats:
    """A column [B, S]."""
    column: Floats = block.values[block.names.index(name)]
    return column


def assert_close(actual: Floats, expected: Long, scale: float = 1.0) -> None:
    """NaN where NaN is due; else within 1e-12 of the value or of the scale."""
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))
    np.testing.assert_allclose(actual, expected.astype(np.float64), rtol=DIGITS, atol=DIGITS * scale)


def processed(block: FeatureBlock, name: str, **parameters: object) -> FeatureBlock:
    """Fitted on all rows, applied to all."""
    return Chain.fit([make_processor(name, parameters)], block).apply(block)


@pytest.mark.parametrize("which", BY_SECTION)
@MANY
@given(block=blocks())
def test_section_by_section(which: str, block: FeatureBlock) -> None:
    """cs_fill_na, cs_norm of both methods, cs_rank_norm: of the rows that count, the others in no way."""
    name, _, method = which.partition(" ")
    parameters = {"names": list(NAMES)} | ({"method": method} if method else {})
    result = processed(block, name, **parameters)
    for column in NAMES:
        for section, rows in enumerate(block.rows):
            expected = (
                BY_SECTION[which](column_of(block, column)[section, rows].astype(np.longdouble)) if rows.any() else None
            )
            if expected is not None:
                scale = 1.0 if name != "cs_fill_na" else float(np.nanmax(np.abs(expected), initial=0.0))
                assert_close(column_of(result, column)[section, rows], expected, scale)


def rounding(middle: Floats, spread: np.longdouble) -> float:
    """What rounding the learnt middle to a double costs, in units of the spread."""
    size = float(np.nanmax(np.abs(middle), initial=0.0))
    return max(1.0, size / float(spread)) if spread > 0 else 1.0


@pytest.mark.parametrize("clip", [True, False])
@MANY
@given(block=blocks())
def test_robust_zscore_norm(block: FeatureBlock, *, clip: bool) -> None:
    """Median and median absolute deviation of all rows; the label is left alone."""
    result = processed(block, "robust_zscore_norm", clip_outlier=clip)
    for column in FEATURES:
        values = column_of(block, column)[block.rows].astype(np.longdouble)
        some = values[np.isfinite(values)]
        spread = np.median(np.abs(some - np.median(some))) + np.longdouble(1e-12) if some.size else np.longdouble(1)
        expected = robust_of(values, values, clip=clip)
        assert_close(column_of(result, column)[block.rows], expected, rounding(some.astype(np.float64), spread))
    np.testing.assert_array_equal(column_of(result, LABEL), column_of(block, LABEL))


@MANY
@given(block=blocks())
def test_ts_norm(block: FeatureBlock) -> None:
    """Mean and population standard deviation of all rows, of the label, too; a constant column stays as it is."""
    result = processed(block, "ts_norm")
    for column in NAMES:
        values = column_of(block, column)[block.rows].astype(np.longdouble)
        some = values[np.isfinite(values)]
        spread = some.std() if some.size else np.longdouble(1)
        expected = normal_of(values, values)
        assert_close(column_of(result, column)[block.rows], expected, rounding(some.astype(np.float64), spread))


@MANY
@given(block=blocks())
def test_replace_inf(block: FeatureBlock) -> None:
    """By the symbol's own mean; a symbol that was not there at the fit has none."""
    chain = Chain.fit([make_processor("replace_inf")], block)
    result = column_of(chain.apply(block), "infinite")
    for symbol in range(len(block.symbols)):
        rows = block.rows[:, symbol]
        values = column_of(block, "infinite")[rows, symbol].astype(np.longdouble)
        some = values[np.isfinite(values)]
        expected = np.where(np.isinf(values), some.mean() if some.size else np.nan, values)
        assert_close(result[rows, symbol], expected)
    strangers = FeatureBlock(
        tuple(f"other{name}" for name in block.symbols), block.stamp, block.names, block.values, block.rows
    )
    assert not np.isinf(column_of(chain.apply(strangers), "infinite")[block.rows]).any()


@MANY
@given(block=blocks())
def test_missing_values_are_filled_or_their_rows_dropped(block: FeatureBlock) -> None:
    """fill_na with and without the label; drop_na by the columns it is told."""
    known = np.isfinite(block.values)
    filled = processed(block, "fill_na", fill_value=-2.0)
    np.testing.assert_array_equal(filled.values[:, block.rows], np.where(known, block.values, -2.0)[:, block.rows])
    kept = processed(block, "fill_na", fill_value=-2.0, fill_label=False)
    np.testing.assert_array_equal(column_of(kept, LABEL), column_of(block, LABEL))
    dropped = processed(block, "drop_na", names=["holes", "infinite"])
    places = [NAMES.index("holes"), NAMES.index("infinite")]
    np.testing.assert_array_equal(dropped.rows, block.rows & known[places].all(axis=0))
    np.testing.assert_array_equal(dropped.values, block.values)


def test_a_chain_runs_in_order() -> None:
    """What is learnt by one is learnt from what those before it made; a dropped row is in no section after it."""
    names, stamp = ("a", "b", "c", "d"), np.zeros(1, np.int64)
    block = FeatureBlock(
        names, stamp, ("x",), np.array([[[1.0, np.nan, 2.0, 9.0]]]), np.array([[True, True, True, True]])
    )
    dropping = [make_processor("drop_na"), make_processor("cs_rank_norm", {"names": ["x"]})]
    filling = [make_processor("fill_na", {"fill_value": 0.0}), make_processor("cs_rank_norm", {"names": ["x"]})]
    ranks = (np.array([1, 2, 3]) / 3 - 0.5) * 3.46
    dropped = Chain.fit(dropping, block).apply(block)
    assert dropped.rows.tolist() == [[True, False, True, True]]
    np.testing.assert_array_equal(dropped.values[0, 0, [0, 2, 3]], ranks)
    filled = Chain.fit(filling, block).apply(block).values[0, 0]
    np.testing.assert_array_equal(filled, (np.array([2, 1, 3, 4]) / 4 - 0.5) * 3.46)
    fitted = Chain.fit([*filling, make_processor("ts_norm")], block)
    assert fitted.steps[-1].learnt.numbers["mean"].tolist() == [pytest.approx(filled.mean())]


def test_a_span_within_the_training_rows() -> None:
    """fit_start_time and fit_end_time, both included; a date as the end means that whole day."""
    stamp = np.array(["2020-01-01T00:00", "2020-01-02T00:00", "2020-01-03T15:00", "2020-01-04T00:00"], "M8[ns]")
    values = np.array([[[1.0], [2.0], [4.0], [100.0]]])
    block = FeatureBlock(("a",), stamp.astype(np.int64), ("x",), values, np.ones((4, 1), np.bool_))
    told = {"fit_start_time": "2020-01-02", "fit_end_time": "2020-01-03"}
    assert make_processor("ts_norm", told).fit(block).numbers["mean"].tolist() == [3.0]
    assert make_processor("robust_zscore_norm", {"fit_end_time": "20200103"}).fit(block).numbers["median"] == [2.0]
