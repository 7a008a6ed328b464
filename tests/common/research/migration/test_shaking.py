"""Texts whose sums are a little off: which operators count as sums, and what moves with them."""

import numpy as np
import pytest

from common.factors.definition import Kind
from common.factors.operators import OPERATORS
from common.factors.parser import parse
from common.factors.sets import load_set
from common.market.panel import Panel
from common.research.migration.market import Market
from common.research.migration.shaking import EXACT, NOISES, noise_for, shaken
from common.research.migration.traces import Traces
from tests.common.research.migration.test_places import bars

SUMMED = {
    "cs_mean", "cs_scale", "cs_std", "cs_sum", "log", "pow1", "pow2", "ts_corr", "ts_cov", "ts_decay_linear", "ts_log",
    "ts_mad", "ts_mean", "ts_product", "ts_quantile", "ts_resi", "ts_rsquare", "ts_slope", "ts_std", "ts_sum",
}  # fmt: skip
INFIX = {"add", "sub", "mul", "div", "floordiv", "mod", "pow", "neg", "lt", "le", "gt", "ge", "eq", "ne"}
DAYS, SYMBOLS = 12, "abcdef"


def test_every_operator_is_one_or_the_other() -> None:
    """A new one is named here: it chooses and counts, or it adds numbers up."""
    talib = {name for name, each in OPERATORS.items() if each.kind is Kind.RECURSIVE or name.startswith("ta_")}
    assert SUMMED.isdisjoint(EXACT)
    assert SUMMED | EXACT | talib | INFIX == set(OPERATORS)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("ts_mean(close, 5)", "ts_mean(close * (1 + 1.1180 * open_interest), 5)"),
        (
            "cs_rank(ts_sum(close, 5))",
            "cs_rank(ts_sum(close * (1 + 1.1180 * open_interest), 5) * (1 + 0.7361 * open_interest))",
        ),
        ("cs_rank(ts_delay(close, 5) / close)", "cs_rank(ts_delay(close, 5) / close)"),
        ("ts_rank(ts_sum(close > open, 5), 3)", "ts_rank(ts_sum(close > open, 5), 3)"),
    ],
)
def test_sums_are_shaken_in_what_they_read_and_give(text: str, made: str) -> None:
    """No choice, no rank, no count, and not what the whole text gives: that is rounding, and told as such."""
    assert parse(shaken(text, "open_interest")).same_as(parse(made))


@pytest.mark.parametrize("name", ["alpha101", "alpha158"])
def test_every_shipped_text_can_be_shaken(name: str) -> None:
    """And still be read; the noise is carried by a column it does not read."""
    for _, text in load_set(name).factors:
        noise = noise_for(text)
        assert noise in NOISES
        assert noise not in text
        parse(shaken(text, noise))


def test_a_text_that_reads_all_columns_has_no_noise() -> None:
    """The value of a bar's turnover is that of its vwap."""
    assert noise_for("open_interest + close") == "turnover"
    assert noise_for("open_interest + vwap") is None
    assert noise_for("open_interest / turnover") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cs_rank(ts_decay_linear(cs_rank(close), 3))", True),
        ("ts_rank(ts_corr(ts_rank(close, 3), ts_rank(volume, 3), 4), 3)", True),
        ("cs_rank(ts_corr(close, volume, 2))", True),
        ("cs_rank(cs_rank(close))", False),
        ("ts_decay_linear(cs_rank(close), 3)", False),
    ],
)
def test_ranks_of_sums_that_tie_are_found_however_far_the_bars_are_apart(text: str, *, told: bool) -> None:
    """Weighted ranks, correlations of ranks, and of two bars: equal on paper, and in their last bits by chance."""
    random = np.random.default_rng(3)
    keys = [(day, symbol) for day in range(DAYS) for symbol in SYMBOLS]
    close, volume = random.uniform(1, 2, len(keys)), random.uniform(1, 2, len(keys))
    frame = bars(*keys, close=list(close), high=3.0, low=0.5, open=1.0, volume=list(volume))
    panel = Panel.from_frame(frame)
    market = Market.of(panel, panel.present, frame, frame)
    assert Traces(market).on_last_bits(text).any() == told
