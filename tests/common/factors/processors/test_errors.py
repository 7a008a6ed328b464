"""Wrong processors, wrong columns, and bundles that are not what they should be: said clearly, and at once."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from common.errors import BundleError, FactorError
from common.factors.processors.chain import Chain
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.records import FILE
from common.factors.processors.table import make_processor
from common.models.golden import encode_array
from tests.common.factors.processors.blocks import feature_block

Files = dict[str, bytes]


@pytest.mark.parametrize(
    ("name", "parameters", "told"),
    [
        ("cs_rank", {}, "did you mean 'cs_rank_norm'"),
        ("cs_norm", {}, "needs method"),
        ("cs_norm", {"method": "robst"}, "robust or zscore, not 'robst'"),
        ("cs_norm", {"metod": "robust"}, "no parameter 'metod'; did you mean 'method'"),
        ("replace_inf", {"names": ["a"]}, "no parameter 'names'; it takes none"),
        ("drop_na", {"names": "label"}, "not 'label'"),
        ("drop_feature", {"names": []}, "column names"),
        ("cs_rank_norm", {"names": [1]}, "column names"),
        ("cs_fill_na", {"names": [""], "name": "x"}, "did you mean 'names'"),
        ("fill_na", {"fill_value": float("nan")}, "finite number"),
        ("fill_na", {"fill_value": True}, "finite number"),
        ("fill_na", {"fill_value": 0, "fill_label": 1}, "true or false"),
        ("robust_zscore_norm", {"clip_outlier": 3}, "true or false"),
        ("robust_zscore_norm", {"fit_start_time": "soon"}, "no date such as"),
        ("ts_norm", {"fit_start_time": "2020-01-02", "fit_end_time": "2020-01-01"}, "ends before it starts"),
        ("ts_norm", {"fit_end_time": "2020-01-01T00:00+00:00"}, "has a zone"),
    ],
)
def test_a_wrong_processor(name: str, parameters: dict[str, object], told: str) -> None:
    """Names the processor, the parameter, and what would be right."""
    with pytest.raises(FactorError) as refused:
        make_processor(name, parameters)
    assert told in str(refused.value)


@pytest.mark.parametrize("name", ["drop_na", "cs_fill_na", "cs_rank_norm", "drop_feature"])
def test_an_unknown_column(name: str) -> None:
    """With the closest one."""
    with pytest.raises(FactorError, match=f"processor {name}: there is no column 'plane' to process; did you mean"):
        Chain.fit([make_processor(name, {"names": ["plane"]})], feature_block(1))


@pytest.mark.parametrize("name", ["replace_inf", "robust_zscore_norm", "ts_norm"])
def test_nothing_to_learn_from(name: str) -> None:
    """No row counts."""
    with pytest.raises(FactorError, match="no rows to be fitted on"):
        Chain.fit([make_processor(name)], feature_block(1, out=1.0))


def test_a_span_without_rows() -> None:
    """The times lie elsewhere."""
    with pytest.raises(FactorError, match="no rows"):
        make_processor("ts_norm", {"fit_start_time": "2050-01-01"}).fit(feature_block(1))


def test_other_features_than_those_fitted_on() -> None:
    """Missing, surplus or reordered ones are named."""
    block = feature_block(1)
    chain = Chain.fit([make_processor("ts_norm")], block)
    names = ("plain", "other", *block.names[2:])
    with pytest.raises(FactorError, match="lacks tied and has other"):
        chain.apply(FeatureBlock(block.symbols, block.stamp, names, block.values, block.rows))
    names = (block.names[1], block.names[0], *block.names[2:])
    with pytest.raises(FactorError, match="another order"):
        chain.apply(FeatureBlock(block.symbols, block.stamp, names, block.values, block.rows))


def test_a_label_that_came_after_the_fit() -> None:
    """It passes: nothing was learnt of it, and it is not a feature."""
    block = feature_block(1)
    features = FeatureBlock(
        block.symbols, block.stamp, block.features, np.ascontiguousarray(block.values[:-1]), block.rows
    )
    result = Chain.fit([make_processor("ts_norm")], features).apply(block)
    np.testing.assert_array_equal(result.values[-1], block.values[-1])


@pytest.mark.parametrize(
    ("values", "rows", "told"),
    [
        (np.zeros((1, 2, 3), np.float32), np.ones((2, 3), np.bool_), "f8"),
        (np.zeros((2, 2, 3)), np.ones((2, 3), np.bool_), "C-contiguous"),
        (np.zeros((1, 3, 2)).transpose(0, 2, 1), np.ones((2, 3), np.bool_), "C-contiguous"),
        (np.zeros((1, 2, 3)), np.ones((2, 3)), "bool"),
    ],
)
def test_a_wrong_block(values: np.ndarray, rows: np.ndarray, told: str) -> None:
    """Shapes and types are told."""
    with pytest.raises(FactorError, match=told):
        FeatureBlock(("a", "b", "c"), np.zeros(2, np.int64), ("x",), values, rows)


def _without(name: str) -> Callable[[Files], Files]:
    return lambda files: {key: value for key, value in files.items() if key != name}


def _with_text(change: Callable[[dict[str, Any]], object]) -> Callable[[Files], Files]:
    def changed(files: Files) -> Files:
        record = json.loads(files[FILE])
        change(record)
        return files | {FILE: json.dumps(record).encode()}

    return changed


ARRAY = "processor-0-mean.npy"


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_without(FILE), f"lacks {FILE}"),
        (_without(ARRAY), f"lacks {ARRAY}"),
        (lambda files: files | {FILE: b"[]"}, "not a chain"),
        (lambda files: files | {FILE: b"\xff\x00"}, "not a chain"),
        (lambda files: files | {ARRAY: b"\x93NUMPY"}, ARRAY),
        (lambda files: files | {ARRAY: encode_array(np.zeros(3))}, "expected \\[9\\]"),
        (lambda files: files | {ARRAY: encode_array(np.zeros((9, 1)))}, ARRAY),
        (_with_text(lambda record: record.update(format=2)), "of format 2"),
        (_with_text(lambda record: record.update(surplus=1)), "not a chain"),
        (_with_text(lambda record: record["steps"][0].update(name="ts_nrm")), "did you mean 'ts_norm'"),
        (_with_text(lambda record: record["steps"][0].update(numbers=["mean"])), "learns"),
    ],
)
def test_a_damaged_bundle(damage: Callable[[Files], Files], told: str) -> None:
    """The file and what is wrong with it; nothing half-read is used."""
    files = damage(Chain.fit([make_processor("ts_norm")], feature_block(1)).save())
    with pytest.raises(BundleError, match=told):
        Chain.load(files)
