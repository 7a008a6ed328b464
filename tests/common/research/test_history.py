"""The history part of a file: where it ends, and who was a member in it."""

import numpy as np
import polars as pl
import pytest

from common.errors import ModelError
from common.research.history import history_end, history_of, split_time

DAY = 86_400_000_000_000


def _frame(present: list[str]) -> pl.DataFrame:
    """One string a day of the symbols that have a bar; stamped at midnight, complete a day later."""
    rows = [(day, symbol) for day, symbols in enumerate(present) for symbol in symbols]
    return pl.DataFrame(
        {
            "time": [(day + 1) * DAY for day, _ in rows],
            "stamp": [day * DAY for day, _ in rows],
            "symbol": [symbol for _, symbol in rows],
            **{name: [1.0] * len(rows) for name in ("open", "high", "low", "close", "volume")},
        },
        schema_overrides={"time": pl.Int64, "stamp": pl.Int64},
    )


@pytest.mark.parametrize(("sections", "history"), [(3, 2), (4, 2), (1259, 839), (521, 347), (1950, 1300)])
def test_two_thirds_are_history(sections: int, history: int) -> None:
    """Of the distinct times, rounded down."""
    times = np.arange(sections, dtype=np.int64) * DAY
    assert np.count_nonzero(times < history_end(times)) == history


def test_a_split_is_the_first_section_that_is_not_history() -> None:
    """Also between two sections, and after the last there is nothing to replay."""
    times = np.array([1, 2, 4], np.int64) * DAY
    assert [history_end(times, split) for split in (2 * DAY, 3 * DAY, 5 * DAY)] == [2 * DAY, 4 * DAY, 4 * DAY + 1]
    with pytest.raises(ModelError, match="leaves 0 of 3"):
        history_end(times, DAY)


def test_a_date_means_the_files_own_stamps() -> None:
    """The bar stamped on that day is the first that is not history, though it is complete a day later."""
    frame = _frame(["AB", "AB", "AB"])
    assert split_time(frame, "1970-01-02") == 2 * DAY
    assert history_of(frame, split_time(frame, "1970-01-02"))["stamp"].unique().to_list() == [0]
    assert split_time(frame, "1970-01-02 12:00") == 3 * DAY


@pytest.mark.parametrize(
    ("text", "told"),
    [("soon", "is no date"), ("1971-01-01", "after the last bar"), ("1970-01-02T00:00+00:00", "has a zone")],
)
def test_a_wrong_date_is_refused(text: str, told: str) -> None:
    """Saying what would be right."""
    with pytest.raises(ModelError) as refused:
        split_time(_frame(["AB", "AB"]), text)
    assert told in str(refused.value)
