"""Labels look ahead on each symbol's own clock."""

import numpy as np
import pytest

from common.errors import ExpressionError
from common.factors.labels import label_horizon, label_values
from common.factors.sets import load_set, shipped_sets
from tests.common.factors.panels import assert_same_bits, block_of, compute, market, plan_of


def test_vnpy_label_on_own_bars() -> None:
    """Close in three own bars over close in one, less 1; NaN at the end and where there is no bar."""
    block = market(60, 3, seed=1, missing=0.2)
    values = label_values("ts_delay(close, -3) / ts_delay(close, -1) - 1", block)
    for symbol in range(3):
        close = block.columns["close"][:, symbol]
        own = close[~np.isnan(close)]
        expected = np.concatenate([own[3:] / own[1:-2] - 1, np.full(3, np.nan)])
        assert_same_bits(values[~np.isnan(close), symbol], expected)
        assert np.isnan(values[np.isnan(close), symbol]).all()


def test_windows_ahead() -> None:
    """A fold over values ahead, and a delay back of a value ahead."""
    block = market(40, 2, seed=2)
    volume = block.columns["volume"]
    values = label_values("ts_sum(ts_delay(volume, -5), 5)", block)
    expected = np.full(volume.shape, np.nan)
    expected[:-5] = sum(volume[i + 1 : len(volume) - 4 + i] for i in range(5))
    expected[:0] = np.nan
    np.testing.assert_allclose(values[4:], expected[4:])
    back = label_values("ts_delay(ts_delay(close, -3), 3)", block)
    assert_same_bits(back[6:-3], block.columns["close"][6:-3])


def test_sections_of_values_ahead() -> None:
    """A rank of returns to come is over the section of today."""
    block = market(30, 5, seed=3)
    values = label_values("cs_rank(ts_delay(close, -1))", block)
    ahead = block_of({**block.columns, "close": np.vstack([block.columns["close"][1:], np.full((1, 5), np.nan)])})
    assert_same_bits(values, compute(plan_of("cs_rank(close)"), ahead)[0])


def test_a_label_without_future_is_a_factor() -> None:
    """The same text gives the same bits on either path."""
    block = market(50, 3, seed=4, missing=0.1)
    text = "ts_corr(close, volume, 10)"
    assert_same_bits(label_values(text, block), compute(plan_of(text), block)[0])


@pytest.mark.parametrize("name", shipped_sets())
def test_shipped_labels_look_ahead(name: str) -> None:
    """A label that did not would leak nothing to learn."""
    assert label_horizon(load_set(name).label) > 0


def test_horizon() -> None:
    """The furthest own bar a label reads."""
    assert label_horizon("ts_delay(close, -3) / ts_delay(close, -1) - 1") == 3
    assert label_horizon("close / open") == 0


def test_refuses_wrong_labels() -> None:
    """With the word label and the position."""
    with pytest.raises(ExpressionError, match=r"the label uses unknown name 'cloze'.*position 10"):
        label_values("ts_delay(cloze, -3)", market(2, 2, seed=0))
