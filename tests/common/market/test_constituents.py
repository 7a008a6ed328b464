"""Members from a file: read, joined, judged as of a stamp, and refused with the row that is wrong."""

from datetime import date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import BarFileError
from common.market.constituents import EVER, Constituents, Interval, load_constituents
from common.market.membership import Membership

DAY = 86_400_000_000_000
SYMBOLS = ("A", "B", "C")


def ns(text: str) -> int:
    """A stamp."""
    return int(np.datetime64(text, "ns").astype(np.int64))


def members_at(found: Constituents, *stamps: str) -> list[str]:
    """Who of A, B, C is a member, one text a stamp."""
    mask = found.among(SYMBOLS).members(np.array([ns(stamp) for stamp in stamps]))
    return ["".join(symbol for symbol, here in zip(SYMBOLS, row, strict=True) if here) for row in mask]


def read(folder: Path, text: str) -> Constituents:
    """Of a CSV with that text."""
    path = folder / "members.csv"
    path.write_text(text, encoding="utf-8")
    return load_constituents(path)


def test_both_ends_are_included(tmp_path: Path) -> None:
    """A date as the end means that whole day; no end means until further notice, no beginning since ever."""
    found = read(tmp_path, "symbol,from,to\nA,2020-01-02,2020-01-03\nB,2020-01-03,\nC,,2020-01-02\n")
    days = ("2020-01-01", "2020-01-02", "2020-01-03T23:59", "2020-01-04", "2099-01-01")
    assert members_at(found, *days) == ["C", "AC", "AB", "B", "B"]


def test_times_of_day(tmp_path: Path) -> None:
    """A time as an end means that moment, and the bar stamped with it is in."""
    found = read(tmp_path, "symbol,from,to\nA,2020-01-02 10:00,2020-01-02 11:00\n")
    times = ("2020-01-02T09:59", "2020-01-02T10:00", "2020-01-02T11:00", "2020-01-02T11:01")
    assert members_at(found, *times) == ["", "A", "A", ""]


def test_a_day_with_an_offset_is_that_day(tmp_path: Path) -> None:
    """As a bar's stamp is local time: midnight in Shanghai is not the evening before."""
    found = read(tmp_path, "symbol,from,to\nA,2020-01-02T00:00:00+08:00,2020-01-03T00:00:00+08:00\n")
    assert members_at(found, "2020-01-01T16:00", "2020-01-02", "2020-01-03T15:00", "2020-01-04") == ["", "A", "A", ""]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ([date(2020, 1, 2)], [date(2020, 1, 3)]),
        ([datetime(2020, 1, 2)], [datetime(2020, 1, 3)]),  # noqa: DTZ001  as a file has them
        (["20200102"], ["2020/01/03"]),
        (["2020-01-02"], [None]),
    ],
)
def test_parquet(tmp_path: Path, first: list[object], last: list[object]) -> None:
    """Dates, times or texts, under symbol or vt_symbol; other columns do not matter."""
    table = pl.DataFrame({"vt_symbol": ["A"], "name": ["x"], "from": first, "to": last})
    table.write_parquet(tmp_path / "members.parquet")
    found = load_constituents(tmp_path / "members.parquet")
    assert members_at(found, "2020-01-01", "2020-01-02", "2020-01-03") == ["", "A", "A"]


def test_intervals_that_touch_or_overlap_are_one(tmp_path: Path) -> None:
    """However a file cuts a stay, the intervals and their digest are the same."""
    cut = read(
        tmp_path, "symbol,from,to\nB,2020-01-05,\nA,2020-01-03,2020-01-09\nA,2020-01-01,2020-01-02\nB,2020-01-07,\n"
    )
    whole = read(tmp_path, "symbol,from,to\nA,2020-01-01,2020-01-09\nB,2020-01-05,\n")
    assert cut == whole
    assert cut.digest == whole.digest
    assert whole.digest != read(tmp_path, "symbol,from,to\nA,2020-01-01,2020-01-08\nB,2020-01-05,\n").digest


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("symbol,from\nA,2020-01-01\n", "lacks to; it has symbol, from"),
        ("name,from,to\nA,2020-01-01,\n", "lacks symbol"),
        ("symbol,from,to\n", "has no rows"),
        ("symbol,from,to\nA,2020-01-01,\nB,soon,\n", "row 2 .*`from` 'soon' is no date"),
        ("symbol,from,to\nA,2020-01-01,2020-13-01\n", "row 1 .*`to` '2020-13-01' is no date"),
        ("symbol,from,to\nA,31/12/2020,\n", "row 1 .*`from` '31/12/2020' is no date .*; write 2020-12-31: year, month"),
        ("symbol,from,to\nA,2020-01-01,\nB,2020-01-02,2020-01-01\n", "row 2 .*B leaves .*before it joins"),
        ("symbol,from,to\nA B,2020-01-01,\n", "row 1 .*'A B' is no symbol"),
        ("symbol,from,to\n,2020-01-01,\n", "row 1 .*no symbol"),
        ("", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """As a whole, with the row and what is wrong with it."""
    with pytest.raises(BarFileError, match=told):
        read(tmp_path, text)


def test_a_column_without_dates_is_refused(tmp_path: Path) -> None:
    """A bare number has no unit."""
    pl.DataFrame({"symbol": ["A"], "from": [20200101], "to": [20200102]}).write_parquet(tmp_path / "m.parquet")
    with pytest.raises(BarFileError, match=r"column from .* is Int64; it must hold dates"):
        load_constituents(tmp_path / "m.parquet")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Is named, with what it should be."""
    with pytest.raises(BarFileError, match=r"nowhere\.csv cannot be read"):
        load_constituents(tmp_path / "nowhere.csv")


def test_symbols_written_otherwise_than_the_bars(tmp_path: Path) -> None:
    """None of them has a bar: both spellings are shown; some unknown ones are no matter."""
    path = tmp_path / "members.csv"
    path.write_text("symbol,from,to\nA.X,2020-01-01,\nB.X,2020-01-01,\n", encoding="utf-8")
    with pytest.raises(BarFileError, match=r" has 2 symbols, none with a bar, such as 'A.X'; .* like 'A'"):
        load_constituents(path, SYMBOLS)
    assert len(load_constituents(path, ("A.X", "Z")).intervals) == 2


intervals = st.lists(
    st.tuples(st.sampled_from("ABCD"), st.integers(0, 30), st.integers(0, 12)).map(
        lambda each: Interval(each[0], each[1], each[1] + each[2])
    ),
    max_size=12,
)


@given(intervals, st.integers(0, 40))
def test_it_agrees_with_a_plain_account(given_intervals: list[Interval], end: int) -> None:
    """Every symbol and stamp, one by one; and what is known at a stamp is the same up to it, whatever comes later."""
    found = Constituents.of(given_intervals)
    stamps = np.arange(45)
    mask, known = (each.among(SYMBOLS).members(stamps) for each in (found, found.until(end)))
    for stamp in stamps:
        expected = [
            any(each.symbol == symbol and each.first <= stamp <= each.last for each in given_intervals)
            for symbol in SYMBOLS
        ]
        assert mask[stamp].tolist() == expected
        assert known[stamp].tolist() == (expected if stamp <= end else [False] * 3)
    later = [each for each in given_intervals if each.first > end]
    open_ended = [
        Interval(each.symbol, each.first, EVER if each.last >= end else each.last) for each in given_intervals
    ]
    assert (
        Constituents.of([each for each in open_ended if each not in later]).until(end).digest == found.until(end).digest
    )


def test_a_joiner_is_tracked_before_it_is_a_member() -> None:
    """Members are the constituents among those expected; who is none is tracked and expected all the same."""
    found = Constituents.of([Interval("A", 0, 10), Interval("B", 2, 10), Interval("Z", 0, 10)])
    membership = Membership(patience_bars=1, constituents=found)
    rolls = [membership.observe(symbols, stamp) for stamp, symbols in enumerate(("ABC", "ABC", "ABC", "BC", "BC"))]
    assert {roll.tracked for roll in rolls} == {SYMBOLS}
    assert [roll.member.tolist() for roll in rolls] == [
        [True, False, False],
        [True, False, False],
        [True, True, False],
        [True, True, False],
        [False, True, False],
    ]
    assert rolls[0].expected.tolist() == [True] * 3


def test_constituents_need_a_stamp() -> None:
    """Without one nobody could say who they are."""
    with pytest.raises(ValueError, match="depends on the section's stamp"):
        Membership(constituents=Constituents(())).observe("A")
