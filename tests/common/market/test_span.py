"""Spans of stamps, as people write dates."""

import pytest

from common.errors import ConfigError
from common.market.span import ANY_TIME, Span

DAY = 86_400_000_000_000


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("1970-01-02", "1970-01-03", DAY, 3 * DAY - 1),
        ("19700102", None, DAY, ANY_TIME.last),
        (None, "1970-01-02 12:00", ANY_TIME.first, DAY + DAY // 2),
        (None, None, ANY_TIME.first, ANY_TIME.last),
        ("1970-01-02", "1970-01-03T00:00", DAY, 2 * DAY),
        ("0001-01-01", "9999-12-30T00:00", ANY_TIME.first, ANY_TIME.last),
        ("2300-01-01", None, ANY_TIME.last, ANY_TIME.last),
    ],
)
def test_both_ends_are_included(start: str | None, end: str | None, first: int, last: int) -> None:
    """A date as the end means that whole day; an end left out, any time."""
    assert Span.of(start, end) == Span(first, last)


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        ("soon", None, "'soon' is no date"),
        (None, "1970-01-02T00:00+01:00", "has a zone"),
        ("1970-01-03", "1970-01-02", "ends before it starts"),
    ],
)
def test_a_wrong_span_is_refused(start: str | None, end: str | None, told: str) -> None:
    """Saying what would be right."""
    with pytest.raises(ConfigError, match=told):
        Span.of(start, end)
