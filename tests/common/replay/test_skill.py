"""How well signals ordered what came after: only values of their own bar count."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from common.factors.sets import FactorSet
from common.market.sample import sample_market
from common.market.store import load_bars
from common.replay.results import SCHEMA
from common.replay.skill import signal_skill

SET = FactorSet("tomorrow", (("close", "close"),), "ts_delay(close, -1) / close - 1")


@pytest.fixture
def bars(tmp_path: Path) -> pl.DataFrame:
    """Good bars of a small market."""
    path = tmp_path / "bars.parquet"
    sample_market(symbols=24, days=260).write_parquet(path)
    return load_bars(path).frame


def prophecy(bars: pl.DataFrame) -> pl.DataFrame:
    """Signals that know tomorrow, for the last hundred sections."""
    tomorrow = bars.sort("symbol", "time").with_columns(
        signal=(pl.col("close").shift(-1) / pl.col("close") - 1).over("symbol")
    )
    times = bars["time"].unique().sort()[-100:]
    known = tomorrow.filter(pl.col("time").is_in(times.implode()), pl.col("signal").is_not_null())
    plain = {"bar": 1, "flag": 0, "arm": "a", "capital": 1.0, "model": "m", "version": 1, "model_digest": "", "status":
             "fresh", "reason": "", "revision": 0, "computed_from": 1, "age": 0}  # fmt: skip
    made = known.with_columns([pl.lit(value, SCHEMA[name]).alias(name) for name, value in plain.items()])
    return made.with_columns(bar=pl.col("time").rank("dense").cast(pl.Int64)).select(list(SCHEMA))


def test_a_prophet_is_perfect(bars: pl.DataFrame) -> None:
    """And his opposite perfectly wrong; the last section has no tomorrow."""
    signals = prophecy(bars)
    assert signal_skill(signals, bars, SET).mean == pytest.approx(1.0)
    assert signal_skill(signals.with_columns(signal=-pl.col("signal")), bars, SET).mean == pytest.approx(-1.0)
    assert signal_skill(signals, bars, SET).count == 99


@pytest.mark.parametrize("change", [{"status": "held"}, {"flag": 1}])
def test_what_is_not_of_its_bar_does_not_count(bars: pl.DataFrame, change: dict[str, object]) -> None:
    """Held values, and symbols without a value."""
    signals = prophecy(bars)
    half = pl.col("bar") > 50
    spoilt = signals.with_columns(
        [pl.when(half).then(pl.lit(value, SCHEMA[name])).otherwise(name).alias(name) for name, value in change.items()]
    )
    assert signal_skill(spoilt, bars, SET).count == 50


def test_the_last_revision_is_judged(bars: pl.DataFrame) -> None:
    """Not the one it revised."""
    signals = prophecy(bars)
    wrong = signals.with_columns(signal=-pl.col("signal"))
    revised = pl.concat([wrong, signals.with_columns(revision=pl.lit(1, pl.Int64), status=pl.lit("late"))])
    assert signal_skill(revised, bars, SET).mean == pytest.approx(1.0)
