"""Where processors differ from vnpy 4.5.0 on purpose: both numbers, theirs written down as its formulas give them."""

import numpy as np
import pytest

from common.factors.processors.chain import Chain
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.table import make_processor

NAN, INF = np.nan, np.inf


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


@pytest.mark.parametrize(
    ("name", "parameters", "values", "theirs", "expected"),
    [
        # Ranks are over the numbers of the section, not over its rows: a hole does not pull the others down.
        (
            "cs_rank_norm", {"names": ["x"]}, [1.0, 2.0, NAN, NAN],
            [(1 / 4 - 0.5) * 3.46, (2 / 4 - 0.5) * 3.46, NAN, NAN],
            [(1 / 2 - 0.5) * 3.46, (2 / 2 - 0.5) * 3.46, NAN, NAN],
        ),
        # A section whose median absolute deviation is 0 has no scale: a quotient by 0 is NaN, not the clip's 3.
        ("cs_norm", {"method": "robust"}, [1.0, 1.0, 1.0, 5.0], [NAN, NAN, NAN, 3.0], [NAN, NAN, NAN, NAN]),
        # An infinite value is a missing one; it neither becomes the clip's 3 nor makes the others NaN.
        ("robust_zscore_norm", {}, [1.0, 2.0, 3.0, INF], [-1.0117, -0.3372, 0.3372, 3.0], [-0.6745, 0.0, 0.6745, NAN]),
        ("cs_norm", {"method": "zscore"}, [1.0, 3.0, INF], [NAN, NAN, NAN], [-0.7071, 0.7071, NAN]),
        ("fill_na", {"fill_value": 0.0}, [1.0, NAN, INF], [1.0, 0.0, INF], [1.0, 0.0, 0.0]),
    ],
)  # fmt: skip
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
