"""Every processor against vnpy's own: equal to 1e-9 where they should be, and vnpy's numbers where they differ."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from common.factors.processors.chain import Chain
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.table import PROCESSORS, make_processor
from tests.common.factors.processors.differences import DIFFERENCES
from tests.parity.asking import ask
from tests.parity.rows import Floats

DAYS, SYMBOLS = 40, tuple(f"s{place}" for place in range(9))
FIRST = datetime(2024, 1, 1)  # noqa: DTZ001  vnpy's stamps have no zone
NAMES = ("plain", "tied", "holes", "odd", "label")
SPAN = {"fit_start_time": "2024-01-03", "fit_end_time": "2024-01-25"}

Case = tuple[str, dict[str, Any], tuple[str, ...]]

CASES: dict[str, Case] = {
    "drop_na": ("drop_na", {}, ("plain", "tied", "holes", "label")),
    "drop_na of one": ("drop_na", {"names": ["holes"]}, NAMES),
    "fill_na": ("fill_na", {"fill_value": 1.5}, ("plain", "tied", "holes", "label")),
    "fill_na but the label": ("fill_na", {"fill_value": 1.5, "fill_label": False}, ("plain", "holes", "label")),
    "replace_inf": ("replace_inf", {}, NAMES),
    "cs_fill_na": ("cs_fill_na", {}, ("plain", "tied", "holes", "label")),
    "cs_norm zscore": ("cs_norm", {"method": "zscore"}, ("plain", "tied", "holes", "label")),
    "cs_norm robust": ("cs_norm", {"method": "robust"}, ("plain", "holes", "label")),
    "cs_norm of the label": ("cs_norm", {"method": "zscore", "names": ["label"]}, ("plain", "label")),
    "cs_rank_norm": ("cs_rank_norm", {"names": ["plain", "tied"]}, ("plain", "tied", "label")),
    "robust_zscore_norm": ("robust_zscore_norm", {}, ("plain", "holes", "label")),
    "robust_zscore_norm of a span": ("robust_zscore_norm", dict(SPAN), ("plain", "holes", "label")),
    "robust_zscore_norm unclipped": ("robust_zscore_norm", {"clip_outlier": False}, ("plain", "holes", "label")),
    "ts_norm": ("ts_norm", {}, ("plain", "tied", "holes", "label")),
    "ts_norm of a span": ("ts_norm", dict(SPAN), ("plain", "tied", "holes", "label")),
    "drop_feature": ("drop_feature", {"names": ["tied", "odd"]}, NAMES),
}
"""Processor, parameters, and the columns on which both mean the same."""


def columns() -> dict[str, Floats]:
    """Numbers of each kind [day, symbol]."""
    random, shape = np.random.default_rng(5), (DAYS, len(SYMBOLS))
    return {
        "plain": random.normal(3, 1, shape),
        "tied": random.integers(0, 4, shape).astype(np.float64),
        "holes": np.where(random.random(shape) < 0.3, np.nan, random.normal(5, 2, shape)),
        "odd": np.where(random.random(shape) < 0.1, np.inf, random.normal(0, 1, shape)),
        "label": np.where(random.random(shape) < 0.1, np.nan, random.normal(0, 0.02, shape)),
    }


def frame_of(values: dict[str, Floats], symbols: tuple[str, ...]) -> pl.DataFrame:
    """As vnpy has it: a row a day and symbol, the label last."""
    days = len(next(iter(values.values())))
    stamps = [FIRST + timedelta(days=day) for day in range(days) for _ in symbols]
    keys = {"datetime": stamps, "vt_symbol": list(symbols) * days}
    return pl.DataFrame({**keys, **{name: column.ravel() for name, column in values.items()}})


def block_of(values: dict[str, Floats], symbols: tuple[str, ...]) -> FeatureBlock:
    """As we have it."""
    days = len(next(iter(values.values())))
    stamp = np.array([np.datetime64(FIRST + timedelta(days=day), "ns") for day in range(days)]).astype(np.int64)
    rows = np.ones((days, len(symbols)), dtype=np.bool_)
    return FeatureBlock(symbols, stamp, tuple(values), np.stack(list(values.values())), rows)


def theirs(folder: Path, name: str, parameters: dict[str, Any], frame: pl.DataFrame) -> pl.DataFrame:
    """What vnpy makes of a frame."""
    ask(folder, {"frame": frame}, verb="process", name=f"process_{name}", arguments=parameters)
    return pl.read_parquet(folder / "processed.parquet")


def test_every_processor_is_asked_for() -> None:
    """None is left out."""
    assert {name for name, _, _ in CASES.values()} == set(PROCESSORS)


@pytest.mark.parametrize(("name", "parameters", "chosen"), CASES.values(), ids=CASES)
def test_both_agree(tmp_path: Path, name: str, parameters: dict[str, Any], chosen: tuple[str, ...]) -> None:
    """Fitted on the same rows: the same rows are left, the same columns, and numbers to 1e-9."""
    values = {each: column for each, column in columns().items() if each in chosen}
    expected = theirs(tmp_path, name, parameters, frame_of(values, SYMBOLS))
    block = block_of(values, SYMBOLS)
    found = Chain.fit([make_processor(name, parameters)], block).apply(block)
    ours = frame_of({each: found.values[place] for place, each in enumerate(found.names)}, SYMBOLS)
    ours = ours.filter(pl.Series(found.rows.ravel()))
    assert expected.columns == ours.columns
    assert expected.select("datetime", "vt_symbol").equals(ours.select("datetime", "vt_symbol"))
    for each in found.names:
        numbers = expected[each].cast(pl.Float64).fill_null(np.nan).to_numpy()
        np.testing.assert_allclose(ours[each].to_numpy(), numbers, rtol=1e-9, atol=1e-12, err_msg=each)


@pytest.mark.parametrize(("name", "parameters", "values", "stated", "ours"), DIFFERENCES)
def test_their_numbers(  # noqa: PLR0917  a row of the table
    tmp_path: Path,
    name: str,
    parameters: dict[str, Any],
    values: list[float],
    stated: list[float],
    ours: list[float],
) -> None:
    """What is stated of vnpy is what vnpy says, and not what we say."""
    symbols = tuple("abcdefgh"[: len(values)])
    column = np.array([values])
    frame = frame_of({"x": column, "label": np.zeros_like(column)}, symbols)
    found = theirs(tmp_path, name, parameters, frame)["x"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    np.testing.assert_allclose(found, stated, atol=1e-4)
    assert not np.allclose(found, ours, atol=1e-4, equal_nan=True)
