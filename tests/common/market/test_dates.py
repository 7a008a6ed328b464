"""Dates in words: ISO is read, and for any other form the error shows ISO."""

from datetime import datetime

import pytest

from common.market.dates import read_moment


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("01/31/2024", "; write 2024-01-31: year, month, day"),
        ("31.01.2024", "; write 2024-01-31: year, month, day"),
        ("01/02/2024 09:30", "; write 2024-01-02 or 2024-02-01: year, month, day"),
        ("03-03-2024", "; write 2024-03-03: year, month, day"),
        ("2024/1/5", "; write 2024-01-05: year, month, day"),
        ("2024-13-01", ""),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_a_day_written_otherwise_is_shown_in_iso_form(text: str, meant: str) -> None:
    """Both readings where month and day cannot be told apart, none where it is no day at all."""
    with pytest.raises(ValueError, match="is no date such as") as caught:
        read_moment(text)
    assert str(caught.value) == f"{text!r} is no date such as 2016-06-09 or 2016-06-09 10:30{meant}"


@pytest.mark.parametrize("text", ["2024-01-31", "20240131", "2024-01-31 00:00", "2024-01-31T00:00:00"])
def test_iso_is_read(text: str) -> None:
    """In any of its forms."""
    assert read_moment(text) == datetime(2024, 1, 31)  # noqa: DTZ001  as bars write their stamps
