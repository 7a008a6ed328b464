"""Which sections may go out: in order, and not before their source's own clock says they can be complete."""

from __future__ import annotations

import pytest

from alphabus.testing import day_ns
from common.errors import BarFileError
from services.bar_feed.admission import MAX_REFUSED, Admission, Refusal


def test_what_is_complete_is_admitted() -> None:
    """Up to the clock's now, and anything in order where there is no clock."""
    admission = Admission(day_ns(1))
    assert [admission.judge(day_ns(bar), day_ns(bar)) for bar in (2, 3)] == [None, None]
    assert admission.judge(day_ns(99), None) is None


@pytest.mark.parametrize(
    ("time", "refusal"),
    [
        (day_ns(5) + 1, Refusal.FUTURE),
        (day_ns(5) + 8 * 3600 * 10**9, Refusal.FUTURE),  # a zone taken for another
        (day_ns(5) * 1000, Refusal.FUTURE),  # another unit
        (day_ns(5) // 1000, Refusal.OVERTAKEN),
        (day_ns(4), Refusal.OVERTAKEN),
        (day_ns(3), Refusal.OVERTAKEN),
    ],
)
def test_what_is_not_is_refused(time: int, refusal: Refusal) -> None:
    """And leaves no trace: the next in order is admitted."""
    admission = Admission(day_ns(4))
    assert admission.judge(time, day_ns(5)) is refusal
    assert admission.judge(day_ns(5), day_ns(5)) is None


def test_a_source_that_is_wrong_throughout_is_given_up() -> None:
    """After so many in a row, saying where to look; one that is admitted begins the count anew."""
    admission = Admission(day_ns(1))
    for bar in (2, 3):
        for _ in range(MAX_REFUSED):
            assert admission.judge(day_ns(9), day_ns(bar)) is Refusal.FUTURE
        assert admission.judge(day_ns(bar), day_ns(bar)) is None
    for _ in range(MAX_REFUSED):
        admission.judge(day_ns(9), day_ns(4))
    with pytest.raises(BarFileError, match="look at the source's zone, unit and clock"):
        admission.judge(day_ns(9), day_ns(4))
