"""From stamps to close times: intervals found, opens converted, zones and changes of the clocks."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import BarFileError
from common.market.durations import DAY_NS
from common.market.stamp_form import StampForm
from common.market.stamps import (
    Stamped,
    Stamping,
    close_times,
    find_interval,
    find_stamped,
    on_clock,
    parse_interval,
    read_dates,
    read_stamps,
)

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE


def closes(
    values: list[object], zone: str, interval_ns: int, stamped: Stamped, dtype: object = None
) -> list[str | None]:
    """The close times of distinct stamps, in UTC, as text."""
    read = read_stamps(pl.Series(values, dtype=dtype), zone)  # type: ignore[arg-type]  # a polars type or None
    result = close_times(read, Stamping(interval_ns, stamped, zone)).sort("stamp", nulls_last=True)
    return [
        None if time is None else datetime.fromtimestamp(time / 1e9, UTC).strftime("%Y-%m-%dT%H:%M")
        for time in result["time"]
    ]


@pytest.mark.parametrize(
    ("text", "interval_ns"),
    [("30s", 30 * 10**9), ("1min", MINUTE), ("15min", 15 * MINUTE), ("1h", HOUR), ("1d", DAY_NS), ("1w", 7 * DAY_NS)],
)
def test_intervals_are_read(text: str, interval_ns: int) -> None:
    """A number and a unit."""
    assert parse_interval(text) == interval_ns


@pytest.mark.parametrize("text", ["", "1", "min", "0min", "-1d", "1m", "1.5h", "1D", "1 d", "9999999d"])
def test_other_intervals_are_refused(text: str) -> None:
    """The error says what is allowed."""
    with pytest.raises(BarFileError, match="such as 15min"):
        parse_interval(text)


def test_the_interval_is_the_most_common_step() -> None:
    """Nights and holidays do not hide it; of two equally common the smaller; two times are needed."""
    assert find_interval(pl.Series([0, 5, 10, 100, 105, 110, 5, None])) == 5
    assert find_interval(pl.Series([0, 5, 12])) == 5
    assert find_interval(pl.Series([7, 7, None])) is None


def test_midnights_of_days_are_opens() -> None:
    """Only bars of a day or more, all stamped at midnight, are taken for stamped at the open."""
    days = pl.Series([0, DAY_NS, 2 * DAY_NS])
    assert find_stamped(days, DAY_NS) == "open"
    assert find_stamped(days, HOUR) == "close"
    assert find_stamped(days + HOUR, DAY_NS) == "close"


NEW_YORK = "America/New_York"
CASES: dict[str, tuple[list[object], str, int, Stamped, list[str | None]]] = {
    "a day closes at the next local midnight": (
        ["2024-03-09", "2024-03-10", "2024-11-03"],
        NEW_YORK,
        DAY_NS,
        "open",
        ["2024-03-10T05:00", "2024-03-11T04:00", "2024-11-04T05:00"],
    ),
    "minutes stamped at the close stay": (["2024-03-08 16:00"], NEW_YORK, MINUTE, "close", ["2024-03-08T21:00"]),
    "minutes stamped at the open last a minute": (["2024-03-08 15:59"], NEW_YORK, MINUTE, "open", ["2024-03-08T21:00"]),
    "an hour over the change of the clocks lasts an hour": (
        ["2024-03-10 01:00"],
        NEW_YORK,
        HOUR,
        "open",
        ["2024-03-10T07:00"],
    ),
    "a skipped time has no close": (["2024-03-10 02:30"], NEW_YORK, MINUTE, "close", [None]),
    "a time that occurs twice has no close": (["2024-11-03 01:30"], NEW_YORK, MINUTE, "close", [None]),
    "an offset makes it exact": (
        ["2024-11-03 01:30:00-04:00", "2024-11-03T01:31-05:00", "2024-11-03T06:32:00Z"],
        NEW_YORK,
        MINUTE,
        "close",
        ["2024-11-03T05:30", "2024-11-03T06:31", "2024-11-03T06:32"],
    ),
    "a day whose midnight is skipped ends at the skip": (
        ["2018-11-03", "2018-11-04"],
        "America/Sao_Paulo",
        DAY_NS,
        "open",
        ["2018-11-04T03:00", "2018-11-05T02:00"],
    ),
    "a day whose midnight comes twice ends at the first": (
        ["2024-11-02"],
        "America/Havana",
        DAY_NS,
        "open",
        ["2024-11-03T04:00"],
    ),
    "a week of days": (["2024-03-04"], NEW_YORK, 7 * DAY_NS, "open", ["2024-03-11T04:00"]),
    "slashes and compact dates": (
        ["2024/03/04", "20240305"],
        "UTC",
        DAY_NS,
        "open",
        ["2024-03-05T00:00", "2024-03-06T00:00"],
    ),
}


@pytest.mark.parametrize(("values", "zone", "interval_ns", "stamped", "expected"), CASES.values(), ids=CASES)
def test_stamps_become_close_times(
    values: list[object], zone: str, interval_ns: int, stamped: Stamped, expected: list[str | None]
) -> None:
    """Days follow the local calendar, shorter bars last a time."""
    assert closes(values, zone, interval_ns, stamped) == expected


def test_a_column_with_a_zone_keeps_it() -> None:
    """The wall time is the column's own, and no instant is ambiguous."""
    instants = [datetime(2024, 11, 3, 5, 30, tzinfo=UTC), datetime(2024, 11, 3, 6, 30, tzinfo=UTC)]
    column = pl.Series(instants).dt.convert_time_zone(NEW_YORK)
    read = read_stamps(column, "Asia/Tokyo")
    result = close_times(read, Stamping(MINUTE, "close", NEW_YORK)).sort("time")
    assert result["time"].to_list() == [int(instant.timestamp()) * 10**9 for instant in instants]
    assert result["stamp"].to_list() == [int(datetime(2024, 11, 3, 1, 30, tzinfo=UTC).timestamp()) * 10**9] * 2


WRITTEN = "2024-03-04T01:30:00"


@pytest.mark.parametrize(
    "text",
    [
        WRITTEN, f"{WRITTEN}Z", f"{WRITTEN} +08:00", f"{WRITTEN}-0500", f"{WRITTEN}+05:45", "2024/03/04 01:30+08",
        "2024-03-04 01:30", datetime(2024, 3, 4, 1, 30), datetime(2024, 3, 4, 1, 30, tzinfo=UTC),  # noqa: DTZ001
    ],
    ids=str,
)  # fmt: skip
def test_a_date_in_a_list_is_local_time_as_it_is_written(text: object) -> None:
    """An offset says whose clock it is, and moves nothing: nor does the zone of a column."""
    expected = int(datetime(2024, 3, 4, 1, 30, tzinfo=UTC).timestamp()) * 10**9
    assert read_dates(pl.Series([text]))["stamp"].to_list() == [expected]


@pytest.mark.parametrize("text", ["someday", "2024-03-04T01:30:00+99:99", "2024-13-04", ""])
def test_what_is_no_date_is_none(text: str) -> None:
    """Also where the offset alone is none."""
    assert read_dates(pl.Series([text]))["stamp"].to_list() == [None]


def test_dates_are_midnights() -> None:
    """A column of dates needs no text and no time."""
    assert closes([date(2024, 1, 2)], "UTC", DAY_NS, "open", pl.Date) == ["2024-01-03T00:00"]


@settings(deadline=None)
@given(st.integers(0, 20000), st.sampled_from(["UTC", NEW_YORK, "Europe/London", "Asia/Tokyo", "America/Havana"]))
def test_a_day_closes_when_the_next_one_opens(day: int, zone: str) -> None:
    """Every local date has a close, 22 to 26 hours after the one before, whatever the clocks do."""
    values = pl.Series([day, day + 1]).cast(pl.Date)
    result = close_times(read_stamps(values, zone), Stamping(DAY_NS, "open", zone)).sort("stamp")
    first, second = result["time"].to_list()
    assert 22 * HOUR <= second - first <= 26 * HOUR


def test_a_skipped_midnight_is_written_and_read_again() -> None:
    """On the clock it is the end of the skip, whose date's midnight that moment is; other moments are themselves."""
    walls = pl.Series("wall", [datetime(2018, 11, 3), datetime(2018, 11, 4), datetime(2018, 11, 4, 1, 30)])  # noqa: DTZ001  local times
    frame = walls.to_frame()
    placed = frame.select(on_clock(pl.col("wall"), "America/Sao_Paulo"))["wall"]
    assert placed.dt.convert_time_zone("UTC").dt.hour().to_list() == [3, 3, 3]
    read = read_stamps(placed, "UTC").sort("instant")
    assert read["wall"].cast(walls.dtype).to_list() == walls.to_list()
    kind = pl.Datetime("us", "America/Sao_Paulo")
    stamps = read.select(StampForm(kind).written(pl.col("wall").dt.timestamp("ns")))["wall"]
    assert stamps.to_list() == placed.to_list()
