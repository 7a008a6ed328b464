"""A digest of rows in pieces: the same for any cut, another one for any other content."""

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.research.running_digest import RunningDigest

COLUMNS = ("number", "text", "flag", "value", "absent")
ROWS = pl.DataFrame(
    {
        "number": range(9),
        "text": list("abcdefghi"),
        "flag": [0, 1, 2] * 3,
        "value": [float(place) for place in range(9)],
    },
    schema_overrides={"flag": pl.UInt8},
)


def digest(*frames: pl.DataFrame) -> str:
    """Of frames in turn."""
    found = RunningDigest(COLUMNS)
    for frame in frames:
        found.update(frame)
    return found.hexdigest()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(cuts=st.lists(st.integers(0, 9), max_size=4))
def test_a_cut_makes_no_difference(cuts: list[int]) -> None:
    """Nor do empty pieces."""
    edges = [0, *sorted(cuts), 9]
    pieces = [ROWS.slice(first, last - first) for first, last in pairwise(edges)]
    assert digest(*pieces) == digest(ROWS)


@pytest.mark.parametrize(
    "other",
    [
        ROWS.reverse(),
        ROWS.head(8),
        ROWS.with_columns(text=pl.when(pl.col("number") == 3).then(pl.lit("x")).otherwise("text")),
        ROWS.with_columns(value=pl.when(pl.col("number") == 0).then(-0.0).otherwise("value")),
        ROWS.with_columns(value=pl.when(pl.col("number") == 0).then(float("nan")).otherwise("value")),
        ROWS.with_columns(flag=pl.lit(0, pl.UInt8)),
        ROWS.with_columns(number=pl.when(pl.col("number") > 0).then("number")),
        ROWS.with_columns(text=pl.when(pl.col("number") > 0).then("text")),
        ROWS.with_columns(absent=pl.lit(0)),
        ROWS.drop("value"),
        ROWS.with_columns(text=pl.Series(["ab", "", *"cdefghi"])),
    ],
)
def test_other_rows_have_another_digest(other: pl.DataFrame) -> None:
    """Other values, another order, fewer of them, another sign of zero, letters in another row."""
    assert digest(other) != digest(ROWS)


def test_every_missing_value_is_one() -> None:
    """Whatever its bits."""
    one, other = (pl.DataFrame({"value": [nan]}) for nan in (float("nan"), -float("nan")))
    assert digest(one) == digest(other)
