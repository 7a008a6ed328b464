"""Put together from pieces: the bits of the engine, on panels full of holes."""

import numpy as np
import pytest

from common.factors.engine import Engine
from common.factors.operators import TABLE
from common.factors.plan import compile_set
from common.factors.sets import FactorSet
from common.research.factor_checks.piecewise import SLOTS, Pieces
from common.research.factor_checks.subject import Subject
from tests.common.factors.panels import LABEL, assert_same_bits, market, text_of

# Each operator over sections, so that it is handed values rather than bars, and itself under one.
RANKED = [f"cs_rank({name})" for name in ("close", "volume", "high", "low")]
TEXTS = [text_of(row, RANKED, window=4) for row in TABLE]


@pytest.mark.parametrize("max_gap", [None, 1])
def test_every_operator_on_values_rather_than_bars(max_gap: int | None) -> None:
    """Over holes, to the bit."""
    chosen = FactorSet("pieces", tuple((f"f{at}", text) for at, text in enumerate(TEXTS)), LABEL, max_gap)
    subject, block = Subject.of(chosen), market(120, 6, seed=7, missing=0.15)
    block.member[40:60, 1] = False
    expected = Engine(compile_set(chosen)).update(block).values
    assert_same_bits(Pieces.of(block, subject.clock(block)).compute(subject.graph), expected)


def test_there_is_a_slot_for_every_value() -> None:
    """No operator takes more series than there are columns to hand them in."""
    assert max(len(row.series) for row in TABLE) <= len(SLOTS)


def test_factors_that_are_bars_or_alike() -> None:
    """A column, the same factor twice, and one that another reads."""
    chosen = FactorSet("odd", (("a", "close"), ("b", "cs_rank(close)"), ("c", "cs_rank(close)"), ("d", "open")), LABEL)
    subject, block = Subject.of(chosen), market(20, 3, seed=8, missing=0.3)
    found = Pieces.of(block, subject.clock(block)).compute(subject.graph)
    assert_same_bits(found, subject.run(block))
    assert np.array_equal(found[1], found[2], equal_nan=True)
