"""Labels of a part: what they are without the bars that come after it, to the bit."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from common.errors import FactorError
from common.factors.definition import Kind
from common.factors.labels import label_values
from common.factors.operators import OPERATORS
from common.factors.plan import compile_set
from common.factors.sets import FactorSet
from common.market.columns import OPTIONAL, REQUIRED
from common.market.panel import Panel
from common.research.history import block_of
from common.research.outcomes import labels_by
from common.research.raw import Raw, compute_raw
from tests.common.research.small_market import HORIZON, RECIPE, SMALL, holed, market, stamps_of

LIMIT = 60
COMPARING = [f"{each.name}({SMALL.label})" for each in OPERATORS.values() if each.kind is Kind.CROSS_SECTION]


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Bars of a small market; one symbol has none right before the limit."""
    return holed(market(tmp_path_factory.mktemp("market")).frame, LIMIT - 1)


def labelled(label: str) -> FactorSet:
    """The small set with another label."""
    return replace(SMALL, label=label)


def raw_of(bars: pl.DataFrame, factor_set: FactorSet) -> Raw:
    """Raw values of all the bars."""
    return compute_raw(bars, replace(RECIPE, factor_set=factor_set), compile_set(factor_set))


@pytest.mark.parametrize("label", [SMALL.label, "ts_delay(close, -3) > close", *COMPARING])
def test_bars_from_the_limit_on_are_as_if_they_were_not(bars: pl.DataFrame, label: str) -> None:
    """Of every operator that compares symbols, and of one that has a number for what is not known."""
    own = labelled(label)
    whole, short = raw_of(bars, own), raw_of(bars.filter(pl.col("stamp") < stamps_of(bars)[LIMIT]), own)
    places = [whole.factors.symbols.index(symbol) for symbol in short.factors.symbols]
    known = labels_by(whole, own, LIMIT)
    np.testing.assert_array_equal(known[:, places], labels_by(short, own, LIMIT))
    assert np.isfinite(known[: LIMIT - HORIZON]).any()
    assert np.isnan(known[LIMIT - HORIZON :]).all()


@pytest.mark.parametrize("label", COMPARING)
def test_later_bars_would_move_a_label_that_is_known(bars: pl.DataFrame, label: str) -> None:
    """Who has a hole before the limit is compared with the others only by bars after it."""
    own = labelled(label)
    raw = raw_of(bars, own)
    known, later = labels_by(raw, own, LIMIT), labels_by(raw, own, len(raw.time))[:LIMIT]
    rows = np.isfinite(known)
    assert (known[rows] != later[rows]).any()
    assert not rows[:, 0][LIMIT - 6 - HORIZON :].any()


@pytest.mark.parametrize("column", [*REQUIRED, *OPTIONAL, "vwap"])
@pytest.mark.parametrize("adjusted", [False, True])
def test_what_a_label_reads_is_kept(bars: pl.DataFrame, column: str, *, adjusted: bool) -> None:
    """Any column, adjusted where the bars say how: the label is that of the whole bars."""
    if adjusted:
        split = pl.when(pl.col("stamp") < stamps_of(bars)[LIMIT]).then(1.0).otherwise(2.0)
        bars = bars.with_columns(price_factor=split, share_factor=split * 3.0)
    own = labelled(f"ts_delay({column}, -3) - ts_delay(close, -1)")
    panel = Panel.from_frame(bars)
    expected = label_values(own.label, block_of(panel, panel.present))
    np.testing.assert_array_equal(labels_by(raw_of(bars, own), own, len(panel)), expected)


def test_a_label_of_other_columns_is_refused(bars: pl.DataFrame) -> None:
    """Values are kept with what their own label reads, and say what another would need."""
    with pytest.raises(FactorError, match="no column 'open'"):
        labels_by(raw_of(bars, SMALL), labelled("ts_delay(open, -3) / open - 1"), LIMIT)
