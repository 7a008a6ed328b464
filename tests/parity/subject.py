"""What is compared: a shipped set on a market, evaluated by vnpy."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.factors.sets import FactorSet, load_set
from common.market.sample import sample_market
from common.market.store import load_bars
from tests.parity.asking import Answer, evaluated
from tests.parity.nodes import Node, nodes_of
from tests.parity.rows import Rows

SUBJECTS = [(market, name) for name in ("alpha158", "alpha101") for market in ("sample", "sp500")]
SAMPLED = {"alpha158": 150, "alpha101": 60}
"""Symbols of the S&P file that are compared unless the whole is asked for: all take vnpy ten minutes."""

NO_TURNOVER = "vwap"
"""The S&P file's turnover is close x volume, so that vwap is the close but for rounding; such texts are left out."""

OPERATORS = (
    "ta_rsi(close, 14)", "ta_atr(high, low, close, 14)", "cs_mean(close)", "cs_std(close)", "cs_sum(close)",
    "less(open, close)", "greater(open, close)", "close // open", "close % open", "(close / open) ** open",
    "-close", "close <= open", "close >= open", "close == open", "close != open", "ts_cov(close, volume, 20)",
    "ts_product(close / open, 5)", "ts_decay_linear(close, 5)", "ts_quantile(close, 20, 0.35)",
)  # fmt: skip
"""Operators that the sets do not use, or do not use like this."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A set's texts by name, the operators in them, the bars, and vnpy's answer."""

    name: str
    factors: Mapping[str, str]
    nodes: Mapping[str, Node]
    rows: Rows
    answer: Answer


def make_subject(market: str, name: str, folder: Path, *, whole: bool) -> Subject:
    """Load the bars and let vnpy evaluate the set on them."""
    rows = Rows.of(bars_of(market, folder, None if whole else SAMPLED[name]))
    factors = texts_of(load_set(name), market)
    texts = [*factors.values(), *OPERATORS] if market == "sample" else list(factors.values())
    answer = evaluated(folder, rows.frame(), texts)
    return Subject(f"{name} on {market}", factors, nodes_of(texts), rows, answer)


def texts_of(factor_set: FactorSet, market: str) -> dict[str, str]:
    """Choose the texts that can be judged on a market."""
    return {name: text for name, text in factor_set.factors if market == "sample" or NO_TURNOVER not in text}


def bars_of(market: str, folder: Path, symbols: int | None) -> pl.DataFrame:
    """Good bars of a market, of so many of its symbols; skips the test where the file is not there."""
    if market == "sample":
        path = folder / "sample.parquet"
        sample_market().write_parquet(path)
        return load_bars(path).frame
    data = os.environ.get("ALPHABUS_DATA")
    if not data:
        pytest.skip("ALPHABUS_DATA is not set: the S&P file is not there to be read")
    frame = load_bars(Path(data) / "sp500_daily_2013_2018.parquet").frame
    if symbols is None:
        return frame
    names = frame["symbol"].unique().sort()
    chosen = np.random.default_rng(1).choice(len(names), symbols, replace=False)
    return frame.filter(pl.col("symbol").is_in(names.gather(np.sort(chosen)).to_list()))
