"""Splits and dividends: factors that only the past decides, and returns that do not see the event."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import BarFileError
from common.factors.sets import FactorSet
from common.market.adjustment import adjust
from common.market.durations import DAY_NS
from common.market.events import Event, Kind
from common.market.store import BarTable, load_bars
from common.research.factor_frame import factor_frame

FIRST = 19_000 * DAY_NS


def table(closes: dict[str, list[float]], folder: Path) -> BarTable:
    """Daily bars that open and close at the same price, a million shares each day."""
    rows = [
        {"datetime": np.datetime64(FIRST + day * DAY_NS, "ns").astype("datetime64[us]").item(), "symbol": symbol,
         "open": close, "high": close, "low": close, "close": close, "volume": 1e6}
        for symbol, prices in closes.items() for day, close in enumerate(prices)
    ]  # fmt: skip
    pl.DataFrame(rows).write_parquet(folder / "bars.parquet")
    return load_bars(folder / "bars.parquet")


def factors_of(frame: pl.DataFrame, symbol: str) -> list[tuple[float, float]]:
    """Price and share factor by time."""
    rows: list[tuple[float, float]] = frame.filter(symbol=symbol).select("price_factor", "share_factor").rows()
    return rows


def test_a_split_multiplies_both_from_its_day_on(tmp_path: Path) -> None:
    """Two for one: price halves, price times factor goes on as before; others are not touched."""
    bars = table({"A": [100.0, 50.0, 51.0], "B": [7.0, 7.0, 7.0]}, tmp_path).frame
    found = adjust(bars, [Event("A", FIRST + DAY_NS, Kind.SPLIT, 2.0)]).frame
    assert factors_of(found, "A") == [(1.0, 1.0), (2.0, 2.0), (2.0, 2.0)]
    assert factors_of(found, "B") == [(1.0, 1.0)] * 3
    assert found.drop("price_factor", "share_factor").equals(bars)


def test_a_dividend_is_bought_back_at_the_close_before(tmp_path: Path) -> None:
    """4 paid on 100: the price falls to 96, times 100/96 it is 100; shares are as many as before."""
    found = adjust(table({"A": [100.0, 96.0]}, tmp_path).frame, [Event("A", FIRST + DAY_NS, Kind.DIVIDEND, 4.0)]).frame
    assert factors_of(found, "A") == [(1.0, 1.0), (100.0 / 96.0, 1.0)]
    assert 96.0 * found["price_factor"][1] == pytest.approx(100.0)


def test_an_event_on_a_day_without_a_bar_counts_from_the_next(tmp_path: Path) -> None:
    """And one before the first bar, or after the last, changes nothing."""
    bars = table({"A": [10.0, 5.0]}, tmp_path).frame.filter(pl.col("stamp") != FIRST + DAY_NS)
    later = table({"A": [10.0, 10.0, 5.0]}, tmp_path).frame.filter(pl.col("stamp") != FIRST + DAY_NS)
    halves = Event("A", FIRST + DAY_NS, Kind.SPLIT, 2.0)
    assert factors_of(adjust(later, [halves]).frame, "A") == [(1.0, 1.0), (2.0, 2.0)]
    early, late = Event("A", FIRST, Kind.SPLIT, 3.0), Event("A", FIRST + 99 * DAY_NS, Kind.SPLIT, 3.0)
    assert factors_of(adjust(bars, [early, late]).frame, "A") == [(1.0, 1.0)]


@settings(deadline=None)  # it opens files, and a busy disk is no failure
@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(list(Kind)), st.floats(0.01, 3.0)), max_size=5),
    st.integers(1, 9),
)
def test_later_events_change_no_earlier_factor(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[int, Kind, float]], cut: int
) -> None:
    """Whatever is announced later, what was said before a day stays to the bit."""
    bars = table({"A": [100.0 + day for day in range(10)]}, tmp_path_factory.mktemp("bars")).frame
    events = [Event("A", FIRST + day * DAY_NS, kind, value) for day, kind, value in drawn]
    known = [event for event in events if event.stamp < FIRST + cut * DAY_NS]
    assert factors_of(adjust(bars, events).frame, "A")[:cut] == factors_of(adjust(bars, known).frame, "A")[:cut]


def test_factors_see_prices_without_the_event(tmp_path: Path) -> None:
    """A return across a split is that of the company; from a file with the two columns to the factor."""
    split = [Event("A", FIRST + DAY_NS, Kind.SPLIT, 2.0)]
    adjusted = adjust(table({"A": [100.0, 50.0, 55.0]}, tmp_path).frame, split)
    out = adjusted.frame.with_columns(datetime=pl.from_epoch("stamp", time_unit="ns")).drop("time", "stamp")
    out.write_parquet(tmp_path / "adjusted.parquet")
    texts = (("change", "close / ts_delay(close, 1) - 1"), ("shares", "volume"))
    found = factor_frame(load_bars(tmp_path / "adjusted.parquet"), FactorSet("split", texts, "close"))
    assert found["change"].to_list()[1:] == pytest.approx([0.0, 0.1])
    assert found["shares"].to_list() == [1e6, 5e5, 5e5]


def test_a_dividend_of_the_whole_price_is_refused(tmp_path: Path) -> None:
    """Names symbol, dividend and close."""
    with pytest.raises(BarFileError, match="A: a dividend of 100 on a close of 100 leaves nothing"):
        adjust(table({"A": [100.0, 1.0]}, tmp_path).frame, [Event("A", FIRST + DAY_NS, Kind.DIVIDEND, 100.0)])


def test_factors_that_are_there_go_on(tmp_path: Path) -> None:
    """Events of one symbol leave another's alone; those of the same multiply what it has; no other value moves."""
    bars = table({"A": [100.0, 50.0, 50.0], "B": [7.0, 7.0, 7.0]}, tmp_path).frame
    once = adjust(bars, [Event("A", FIRST + DAY_NS, Kind.SPLIT, 2.0)]).frame
    later = [Event("A", FIRST + 2 * DAY_NS, Kind.DIVIDEND, 10.0), Event("B", FIRST + DAY_NS, Kind.SPLIT, 3.0)]
    twice = adjust(once, later).frame
    assert factors_of(twice, "A") == [(1.0, 1.0), (2.0, 2.0), (2.0 * (50.0 / 40.0), 2.0)]
    assert factors_of(twice, "B") == [(1.0, 1.0), (3.0, 3.0), (3.0, 3.0)]


def test_an_event_that_is_in_the_factors_already_is_not_counted_again(tmp_path: Path) -> None:
    """Refused with symbol and day; a factor that moves by what single precision cannot keep has not moved."""
    split = [Event("A", FIRST + DAY_NS, Kind.SPLIT, 2.0)]
    once = adjust(table({"A": [100.0, 50.0]}, tmp_path).frame, split).frame
    with pytest.raises(BarFileError, match="A: its price_factor changes at 2022-01-09 already"):
        adjust(once, split)
    noisy = adjust(table({"A": [100.0, 50.0]}, tmp_path).frame, []).frame
    noisy = noisy.with_columns(price_factor=pl.Series([1.0, 1.0 + 1e-6]))
    assert factors_of(adjust(noisy, split).frame, "A")[1] == (2.0 * (1.0 + 1e-6), 2.0)


@pytest.mark.parametrize(
    ("events", "price", "shares"),
    [
        ([(1, Kind.DIVIDEND, 2.0), (1, Kind.DIVIDEND, 3.0)], 11.5 / 6.5, 1.0),
        ([(1, Kind.DIVIDEND, 2.0), (2, Kind.DIVIDEND, 3.0)], 11.5 / 6.5, 1.0),
        ([(1, Kind.SPLIT, 2.0), (1, Kind.DIVIDEND, 2.0)], 2.0 * 11.5 / 9.5, 2.0),
        ([(1, Kind.SPLIT, 2.0), (2, Kind.DIVIDEND, 2.0)], 2.0 * 11.5 / 7.5, 2.0),
    ],
)
def test_all_that_is_paid_between_two_bars_is_bought_back_at_one_close(
    events: list[tuple[int, Kind, float]], price: float, shares: float, tmp_path: Path
) -> None:
    """On one day a dividend is of a share before the split, later one of the new shares, of which there are more."""
    bars = table({"A": [11.5, 6.5, 6.5, 6.5]}, tmp_path).frame
    bars = bars.filter(~pl.col("stamp").is_in([FIRST + DAY_NS, FIRST + 2 * DAY_NS]))
    placed = [Event("A", FIRST + day * DAY_NS, kind, value) for day, kind, value in events]
    assert factors_of(adjust(bars, placed).frame, "A")[1] == pytest.approx((price, shares), rel=1e-15)
    with pytest.raises(BarFileError, match=r"a dividend of 12 on a close of 11\.5"):
        adjust(bars, [Event("A", FIRST + day * DAY_NS, Kind.DIVIDEND, 6.0) for day in (1, 2)])


def test_events_that_change_nothing_are_told(tmp_path: Path) -> None:
    """How many are laid over the bars, how many lie outside, and whose symbols have no bar; all of those is a slip."""
    bars = table({"A": [10.0, 5.0], "B": [7.0, 7.0]}, tmp_path).frame
    days = [("A", 1), ("A", 0), ("A", 99), ("AA", 1), ("B", 1)]
    found = adjust(bars, [Event(symbol, FIRST + day * DAY_NS, Kind.SPLIT, 2.0) for symbol, day in days])
    assert (found.laid, found.outside, found.strangers) == (2, 2, ("AA",))
    with pytest.raises(BarFileError, match=r"the events are of 1 symbol, none with a bar, such as 'AA'; .*'A'"):
        adjust(bars, [Event("AA", FIRST, Kind.SPLIT, 2.0)])
    assert adjust(bars, []).laid == 0
