"""The sample market: the same every time, damaged like a real file, and with a signal in it."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.errors import ConfigError
from common.market.digest import digest_bars
from common.market.panel import Floats, Panel
from common.market.sample import sample_market
from common.market.store import BarTable, load_bars


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> BarTable:
    """The default market as the pipeline sees it."""
    path = tmp_path_factory.mktemp("sample") / "sample.parquet"
    sample_market().write_parquet(path)
    return load_bars(path)


def test_it_is_the_same_every_time(table: BarTable, tmp_path: Path) -> None:
    """Equal seeds give equal bytes, other seeds another market."""
    sample_market().write_parquet(tmp_path / "again.parquet")
    assert digest_bars(load_bars(tmp_path / "again.parquet").frame) == digest_bars(table.frame)
    assert not sample_market(seed=2, symbols=20, days=60).equals(sample_market(seed=3, symbols=20, days=60))


def test_it_is_large_enough(table: BarTable) -> None:
    """At least 200 symbols and 750 days, stamped at the open of each day."""
    panel = Panel.from_frame(table.frame)
    assert len(panel.symbols) >= 200
    assert len(panel) >= 750
    assert table.stamped == "open"


def test_it_has_what_real_files_have(table: BarTable) -> None:
    """Late listings, one suspension long enough to be missed, lost bars and a few bad rows."""
    present = Panel.from_frame(table.frame).present
    first = present.argmax(axis=0)
    gaps = (~present & (np.arange(len(present))[:, None] > first)).sum(axis=0)
    assert (first > 20).sum() >= 10
    assert (gaps > 20).sum() == 1
    assert (gaps > 0).sum() > 50
    assert table.rejected_by_reason == {
        "suspended": 30,
        "missing_price": 2,
        "not_positive_price": 1,
        "crossed_ohlc": 2,
        "negative_volume": 1,
        "duplicate": 1,
        "conflict": 1,
    }


def test_turnover_is_a_true_average_inside_the_bar(table: BarTable) -> None:
    """Turnover over volume lies within low and high, and is not the close."""
    bars = table.frame.with_columns(vwap=pl.col("turnover") / pl.col("volume"))
    inside = bars.select((pl.col("vwap") >= pl.col("low") - 0.01) & (pl.col("vwap") <= pl.col("high") + 0.01))
    assert inside.to_series().all()
    off = bars.select(((pl.col("vwap") / pl.col("close") - 1).abs() > 0.001).mean()).item()
    assert off > 0.5


def test_two_simple_factors_foretell_returns_a_little(table: BarTable) -> None:
    """The week's return, reversed, and a volume ratio each rank the return from t+1 to t+3 weakly in the last third."""
    panel = Panel.from_frame(table.frame)
    close, volume = panel.columns["close"], panel.columns["volume"]
    days = range(2 * len(panel) // 3, len(panel) - 3)
    foretold = [close[day + 3] / close[day + 1] for day in days]
    reversal = [close[day - 5] / close[day] for day in days]
    bustle = [volume[day] / volume[day - 20 : day].mean(axis=0) for day in days]
    for factor in (reversal, bustle):
        found = [rank_correlation(left, right) for left, right in zip(factor, foretold, strict=True)]
        assert 0.01 < np.mean(found) < 0.06
        assert np.mean(found) / np.std(found) * len(found) ** 0.5 > 3


def test_a_market_too_small_is_refused() -> None:
    """The error says how large it must be."""
    with pytest.raises(ConfigError, match="20 symbols, 60 days"):
        sample_market(symbols=3, days=5)


def rank_correlation(left: Floats, right: Floats) -> float:
    """Correlation of ranks where both are known."""
    known = ~np.isnan(left) & ~np.isnan(right)
    first, second = (np.argsort(np.argsort(values[known])).astype(np.float64) for values in (left, right))
    return float(np.corrcoef(first, second)[0, 1])
