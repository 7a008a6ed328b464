"""Bars laid over others: the later word stands, and no raw correction undoes a split."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from common.market.overlay import overlay

START = datetime(2024, 1, 1)  # noqa: DTZ001  stamps of daily bars have no zone


def bars(symbol: str, days: range, close: float = 10.0, factor: list[float] | None = None) -> pl.DataFrame:
    """One symbol's daily bars, with both factors alike or none."""
    stamps = [START + timedelta(days=day) for day in days]
    frame = pl.DataFrame({"datetime": stamps, "symbol": [symbol] * len(days), "close": [close] * len(days)})
    return (
        frame if factor is None else frame.with_columns(price_factor=pl.Series(factor), share_factor=pl.Series(factor))
    )


def factors(frame: pl.DataFrame, symbol: str = "A") -> list[float]:
    """By time; both are the same."""
    found = frame.filter(symbol=symbol)
    assert found["price_factor"].equals(found["share_factor"])
    return found["price_factor"].to_list()


def test_the_later_word_stands_and_is_counted() -> None:
    """New bars, bars of another content, and those that are the same."""
    found = overlay(bars("A", range(4)), pl.concat([bars("A", range(1)), bars("A", range(3, 6), 11.0)]))
    assert (found.new, found.replaced) == (2, 1)
    assert found.frame["close"].to_list() == [10.0] * 3 + [11.0] * 3


def test_a_correction_without_factors_keeps_the_older_ones() -> None:
    """Of its own stamp, or of the bar before; the same prices over again replace nothing."""
    older = bars("A", range(1, 5), factor=[1.0, 1.0, 2.0, 2.0])
    found = overlay(older, bars("A", range(2, 7), 9.0))
    assert factors(found.frame) == [1.0, 1.0, 2.0, 2.0, 2.0, 2.0]
    assert overlay(older, bars("A", range(1, 5))).replaced == 0
    assert factors(overlay(older, bars("A", range(2))).frame) == [1.0, 1.0, 1.0, 2.0, 2.0]


def test_factors_that_come_later_reach_bars_without() -> None:
    """Before the first of them, its value; after the last, the last one."""
    found = overlay(bars("A", range(6)), bars("A", range(2, 4), factor=[1.0, 3.0]))
    assert factors(found.frame) == [1.0, 1.0, 1.0, 3.0, 3.0, 3.0]


def test_a_symbol_that_was_never_adjusted_has_factors_of_one() -> None:
    """Beside one that was; nobody takes another's."""
    found = overlay(bars("A", range(2), factor=[1.0, 5.0]), bars("B", range(3)))
    assert factors(found.frame) == [1.0, 5.0]
    assert factors(found.frame, "B") == [1.0] * 3


def test_a_factor_that_was_missing_stays_missing() -> None:
    """What a source leaves out is for the checks to refuse: only bars without the column are told one."""
    older = bars("A", range(2), factor=[1.0, 2.0])
    found = overlay(older, bars("A", range(1, 3), factor=[float("nan"), 2.0]))
    assert [str(each) for each in factors(found.frame)] == ["1.0", "nan", "2.0"]


def test_the_symbols_column_may_have_another_name() -> None:
    """As the older file calls it; its other columns are kept."""
    older = bars("A", range(2)).rename({"symbol": "vt_symbol"}).with_columns(note=pl.lit("x"))
    found = overlay(older, bars("B", range(1)).rename({"symbol": "vt_symbol"}), "vt_symbol").frame
    assert found.select("vt_symbol", "note").rows() == [("A", "x"), ("B", None), ("A", "x")]


def test_a_column_the_later_bars_lack_is_kept_where_they_say_the_same() -> None:
    """The turnover of other prices would be false, and that of another symbol all the more."""
    older = pl.concat([bars("A", range(3)), bars("B", range(1))]).with_columns(turnover=pl.Series([5.0, 6.0, 7.0, 8.0]))
    later = pl.concat([bars("A", range(1)), bars("A", range(1, 2), 11.0), bars("B", range(1, 2))])
    found = overlay(older, later.with_columns(open_interest=1.0))
    turnover = found.frame.sort("symbol", "datetime")["turnover"].to_list()
    assert turnover == [5.0, None, 7.0, 8.0, None]
    same = overlay(older, bars("A", range(3)))
    assert (same.frame.equals(older.sort("datetime", "symbol")), same.new, same.replaced) == (True, 0, 0)


def test_a_split_that_is_told_later_keeps_the_turnover() -> None:
    """What was traded is not adjusted."""
    older = bars("A", range(2), factor=[1.0, 1.0]).with_columns(turnover=5.0)
    found = overlay(older, bars("A", range(2), factor=[1.0, 2.0]))
    assert found.frame["turnover"].to_list() == [5.0, 5.0]
