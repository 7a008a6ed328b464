"""Splits and dividends: factors that only the past decides, and returns that do not see the event."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import BarFileError
from common.factors.sets import FactorSet
from common.market.adjustment import Event, Kind, adjust, load_events
from common.market.durations import DAY_NS
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
    found = adjust(bars, [Event("A", FIRST + DAY_NS, Kind.SPLIT, 2.0)])
    assert factors_of(found, "A") == [(1.0, 1.0), (2.0, 2.0), (2.0, 2.0)]
    assert factors_of(found, "B") == [(1.0, 1.0)] * 3
    assert found.drop("price_factor", "share_factor").equals(bars)


def test_a_dividend_is_bought_back_at_the_close_before(tmp_path: Path) -> None:
    """4 paid on 100: the price falls to 96, times 100/96 it is 100; shares are as many as before."""
    found = adjust(table({"A": [100.0, 96.0]}, tmp_path).frame, [Event("A", FIRST + DAY_NS, Kind.DIVIDEND, 4.0)])
    assert factors_of(found, "A") == [(1.0, 1.0), (100.0 / 96.0, 1.0)]
    assert 96.0 * found["price_factor"][1] == pytest.approx(100.0)


def test_an_event_on_a_day_without_a_bar_counts_from_the_next(tmp_path: Path) -> None:
    """And one before the first bar, or after the last, changes nothing."""
    bars = table({"A": [10.0, 5.0]}, tmp_path).frame.filter(pl.col("stamp") != FIRST + DAY_NS)
    later = table({"A": [10.0, 10.0, 5.0]}, tmp_path).frame.filter(pl.col("stamp") != FIRST + DAY_NS)
    halves = Event("A", FIRST + DAY_NS, Kind.SPLIT, 2.0)
    assert factors_of(adjust(later, [halves]), "A") == [(1.0, 1.0), (2.0, 2.0)]
    early, late = Event("A", FIRST, Kind.SPLIT, 3.0), Event("A", FIRST + 99 * DAY_NS, Kind.SPLIT, 3.0)
    assert factors_of(adjust(bars, [early, late]), "A") == [(1.0, 1.0)]


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
    assert factors_of(adjust(bars, events), "A")[:cut] == factors_of(adjust(bars, known), "A")[:cut]


def test_factors_see_prices_without_the_event(tmp_path: Path) -> None:
    """A return across a split is that of the company; from a file with the two columns to the factor."""
    adjusted = adjust(table({"A": [100.0, 50.0, 55.0]}, tmp_path).frame, [Event("A", FIRST + DAY_NS, Kind.SPLIT, 2.0)])
    out = adjusted.with_columns(datetime=pl.from_epoch("stamp", time_unit="ns")).drop("time", "stamp")
    out.write_parquet(tmp_path / "adjusted.parquet")
    texts = (("change", "close / ts_delay(close, 1) - 1"), ("shares", "volume"))
    found = factor_frame(load_bars(tmp_path / "adjusted.parquet"), FactorSet("split", texts, "close"))
    assert found["change"].to_list()[1:] == pytest.approx([0.0, 0.1])
    assert found["shares"].to_list() == [1e6, 5e5, 5e5]


def test_a_dividend_of_the_whole_price_is_refused(tmp_path: Path) -> None:
    """Names symbol, dividend and close."""
    with pytest.raises(BarFileError, match="A: a dividend of 100 on a close of 100 leaves nothing"):
        adjust(table({"A": [100.0, 1.0]}, tmp_path).frame, [Event("A", FIRST + DAY_NS, Kind.DIVIDEND, 100.0)])


def test_events_are_read_from_csv_and_parquet(tmp_path: Path) -> None:
    """Dates as text or as dates."""
    (tmp_path / "events.csv").write_text("symbol,date,kind,value\nA,2024-06-10,split,10\nB,2024-05-01,dividend,0.25\n")
    found = load_events(tmp_path / "events.csv")
    assert [(each.symbol, each.kind, each.value) for each in found] == [("A", "split", 10.0), ("B", "dividend", 0.25)]
    frame = pl.read_csv(tmp_path / "events.csv", try_parse_dates=True)
    frame.write_parquet(tmp_path / "events.parquet")
    assert load_events(tmp_path / "events.parquet") == found


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",2024-06-10,split,2", "row 1 .* needs a symbol and a date"),
        ("A,someday,split,2", "row 1 .* needs a symbol and a date"),
        ("A,2024-06-10,merger,2", "kind 'merger' is neither split nor dividend"),
        ("A,2024-06-10,split,0", "value '0' is no number above 0"),
        ("A,2024-06-10,split,two", "value 'two' is no number above 0"),
        ("A,2024-06-10,split,", "is no number above 0"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, said: str) -> None:
    """The file, the row, and what is wrong with it."""
    (tmp_path / "events.csv").write_text(f"symbol,date,kind,value\n{row}\n")
    with pytest.raises(BarFileError, match=said):
        load_events(tmp_path / "events.csv")


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    """Missing columns, and no table at all."""
    (tmp_path / "events.csv").write_text("symbol,date\nA,2024-06-10\n")
    with pytest.raises(BarFileError, match="lacks kind, value"):
        load_events(tmp_path / "events.csv")
    with pytest.raises(BarFileError, match="cannot be read"):
        load_events(tmp_path / "nowhere.parquet")
