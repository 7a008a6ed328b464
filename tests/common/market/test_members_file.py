"""A file of members, written and read again."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import BarFileError
from common.market.constituents import EVER, Constituents, Interval, load_constituents
from common.market.durations import DAY_NS
from common.market.members_file import save_constituents

MINUTE = 60_000_000_000
ENDS = st.integers(0, 30 * 1440).map(lambda minute: 1_577_836_800_000_000_000 + minute * MINUTE)


def stay(first: int, last: int, symbol: str = "A") -> Constituents:
    """One stay, in minutes since 1970."""
    return Constituents.of([Interval(symbol, first * MINUTE, last * MINUTE)])


def test_whole_days_are_written_as_days(tmp_path: Path) -> None:
    """And open ends as nothing."""
    stays = [Interval("A", 0, 3 * DAY_NS - 1), Interval("B", -EVER, EVER), Interval("C", 90 * MINUTE, 91 * MINUTE)]
    save_constituents(tmp_path / "members.csv", Constituents.of(stays))
    assert (tmp_path / "members.csv").read_text(encoding="utf-8").splitlines() == [
        "symbol,from,to",
        "A,1970-01-01,1970-01-03",
        "B,,",
        "C,1970-01-01 01:30:00.000000,1970-01-01 01:31:00.000000",
    ]
    assert load_constituents(tmp_path / "members.csv") == Constituents.of(stays)


@given(ends=st.lists(st.tuples(st.sampled_from("ABC"), ENDS, ENDS), min_size=1, max_size=6), days=st.booleans())
def test_what_is_read_is_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, *, ends: list[tuple[str, int, int]], days: bool
) -> None:
    """The same members as of every minute, whether stays end with a day, at midnight or between."""
    stays = [Interval(name, min(pair), max(pair) + (DAY_NS - 1 if days else 0)) for name, *pair in ends]
    path = tmp_path_factory.mktemp("members") / "members.csv"
    save_constituents(path, Constituents.of(stays))
    stamps = np.arange(1_577_836_800_000_000_000 - DAY_NS, 1_577_836_800_000_000_000 + 33 * DAY_NS, MINUTE)
    read, kept = (found.among("ABC").members(stamps) for found in (load_constituents(path), Constituents.of(stays)))
    np.testing.assert_array_equal(read, kept)


def test_the_bar_of_midnight_alone_is_no_whole_day(tmp_path: Path) -> None:
    """Midnight as an end would be read as the day it begins."""
    save_constituents(tmp_path / "members.csv", stay(0, 1440))
    seats = load_constituents(tmp_path / "members.csv").among("A")
    assert seats.members(np.array([1440, 1441]) * MINUTE)[:, 0].tolist() == [True, False]


def test_a_place_that_refuses_is_told(tmp_path: Path) -> None:
    """Naming the file."""
    (tmp_path / "members.csv").mkdir()
    with pytest.raises(BarFileError, match=r"members .*members\.csv cannot be written"):
        save_constituents(tmp_path / "members.csv", stay(0, 1))
