"""A market that goes on: bars by their number, sound for ever, the same wherever one begins to read."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from common.errors import BarFileError
from common.market.continuation import ALIVE_BARS, BLOCK, WARM_UP, Continuation
from common.market.panel import Panel
from common.market.sample import sample_market
from common.market.store import load_bars


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    """A small sample market."""
    path = tmp_path_factory.mktemp("market") / "bars.parquet"
    sample_market(symbols=30, days=120).write_parquet(path)
    return Panel.from_frame(load_bars(path).frame)


def bits(market: Continuation, first: int, count: int) -> list[bytes]:
    """Some bars, to the bit."""
    return [b"".join(values.tobytes() for values in columns.values()) for columns in islice(market.bars(first), count)]


@pytest.mark.parametrize("first", [2, BLOCK, BLOCK + 1, WARM_UP + 3 * BLOCK, WARM_UP + 3 * BLOCK + 77])
def test_a_bar_is_the_same_wherever_one_begins(first: int, panel: Panel) -> None:
    """Its bits hang on panel, seed and number alone."""
    before = bits(Continuation(panel, 1), first - 1, 5)
    assert bits(Continuation(panel, 1), first, 4) == before[1:]


def test_another_seed_is_another_market(panel: Panel) -> None:
    """From the first bar on."""
    assert bits(Continuation(panel, 1), 1, 1) != bits(Continuation(panel, 2), 1, 1)


@pytest.mark.parametrize("first", [1, WARM_UP + BLOCK - 2, 10_000_000])
def test_its_bars_are_sound(first: int, panel: Panel) -> None:
    """Open and close within low to high, prices above zero, a symbol now and then without a bar; also far ahead."""
    market = Continuation(panel, 1)
    rows = list(islice(market.bars(first), 300))
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    absent = np.isnan(columns["close"])
    assert set(columns) == {"open", "high", "low", "close", "volume", "turnover"}
    assert all((np.isnan(values) == absent).all() for values in columns.values())
    assert 0.0 < absent.mean() < 0.01
    sound = {name: values[~absent] for name, values in columns.items()}
    assert (sound["low"] > 0).all()
    assert (sound["volume"] >= 1).all()
    for name in ("open", "close"):
        assert (sound["low"] <= sound[name]).all()
        assert (sound[name] <= sound["high"]).all()
    average = sound["turnover"] / sound["volume"]
    assert (average >= sound["low"] * (1 - 1e-12)).all()
    assert (average <= sound["high"] * (1 + 1e-12)).all()


def test_it_goes_on_where_the_panel_ends(panel: Panel) -> None:
    """The first prices are near the last ones, with the panel's volatility; prices stay in reach of them for ever."""
    market = Continuation(panel, 1)
    level = market.traits.level
    first = next(market.bars(1))["close"]
    far = next(market.bars(5_000_000))["close"]
    assert np.nanmax(np.abs(np.log(first / level))) < 0.2
    assert np.nanmax(np.abs(np.log(far / level))) < 1.5
    rows = np.array([row["close"] for row in islice(market.bars(1), 600)])
    spread = np.nanstd(np.diff(np.log(rows), axis=0), axis=0)
    assert 0.7 < np.median(spread / market.traits.volatility) < 1.4


def test_blocks_join_without_a_seam(panel: Panel) -> None:
    """What a block forgets of the beginning is less than a hundredth of a cent."""
    market, twin = Continuation(panel, 1), Continuation(panel, 1)
    start = WARM_UP + 5 * BLOCK + 1
    rows = list(islice(market.bars(start - 1), 2))
    moved = np.log(rows[1]["open"] / rows[0]["close"])  # an open comes from the close before it
    assert np.nanmax(np.abs(moved)) < 5 * 0.3 * float(np.max(twin.traits.volatility))


def test_who_has_long_gone_does_not_come_back(panel: Panel) -> None:
    """Only symbols with a bar lately go on; a panel without any is refused."""
    gone = {name: values.copy() for name, values in panel.columns.items()}
    for values in gone.values():
        values[-ALIVE_BARS:, 3] = np.nan
    left = Continuation(Panel(panel.symbols, panel.time, panel.stamp, gone), 1)
    assert set(panel.symbols) - set(left.traits.symbols) == {panel.symbols[3]}
    empty = {name: np.full_like(values, np.nan) for name, values in panel.columns.items()}
    with pytest.raises(BarFileError, match="no bar to go on from"):
        Continuation(Panel(panel.symbols, panel.time, panel.stamp, empty), 1)
