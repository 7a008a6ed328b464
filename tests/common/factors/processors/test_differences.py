"""Where processors differ from vnpy 4.5.0 on purpose: ours; `tests/parity` asks vnpy for its own."""

import numpy as np
import pytest

from common.factors.processors.chain import Chain
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.table import make_processor
from tests.common.factors.processors.differences import DIFFERENCES


def section(*values: float) -> FeatureBlock:
    """One section of one column."""
    symbols = tuple("abcdefgh"[: len(values)])
    rows = np.ones((1, len(values)), np.bool_)
    return FeatureBlock(symbols, np.zeros(1, np.int64), ("x",), np.array([[values]]), rows)


def ours(block: FeatureBlock, name: str, **parameters: object) -> list[float]:
    """What our processor makes of it."""
    chain = Chain.fit([make_processor(name, parameters)], block)
    values: list[float] = chain.apply(block).values[0, 0].tolist()
    return values


@pytest.mark.parametrize(("name", "parameters", "values", "theirs", "expected"), DIFFERENCES)
def test_both_numbers(
    name: str, parameters: dict[str, object], values: list[float], theirs: list[float], expected: list[float]
) -> None:
    """Ours as stated, and not theirs."""
    made = ours(section(*values), name, **parameters)
    np.testing.assert_allclose(made, expected, atol=1e-4)
    assert not np.array_equal(np.round(made, 4), np.round(theirs, 4), equal_nan=True)


def test_a_fit_is_not_repeated_on_what_is_applied_to() -> None:
    """Without times, vnpy's ts_norm and robust_zscore_norm learn from whatever frame is at hand."""
    training, later = section(1.0, 2.0, 3.0), section(11.0, 12.0, 13.0)
    for name in ("ts_norm", "robust_zscore_norm"):
        chain = Chain.fit([make_processor(name)], training)
        refitted = Chain.fit([make_processor(name)], later)
        assert (refitted.apply(later).values == chain.apply(training).values).all()
        assert (chain.apply(later).values > 2.9).all()
