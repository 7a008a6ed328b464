"""Which sections may go out: in order, and not before their source's own clock says they can be complete."""

from __future__ import annotations

import pytest

from alphabus.testing import day_ns
from common.errors import BarFileError
from services.bar_feed.admission import ADVICE, MAX_REFUSED, Admission, Refusal


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
    """With the hundredth in a row, saying where to look; one that is admitted begins the count anew."""
    admission = Admission(day_ns(1))
    for bar in (2, 3, 4):
        for _ in range(MAX_REFUSED - 1):
            assert admission.judge(day_ns(9), day_ns(bar)) is Refusal.FUTURE
            admission.give_up(day_ns(9), day_ns(bar), Refusal.FUTURE)
        if bar < 4:
            assert admission.judge(day_ns(bar), day_ns(bar)) is None
    assert admission.judge(day_ns(9), day_ns(4)) is Refusal.FUTURE
    with pytest.raises(BarFileError, match=r"100 sections in a row were refused.*look at the source's zone, unit and"):
        admission.give_up(day_ns(9), day_ns(4), Refusal.FUTURE)


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_says_what_to_do(refusal: Refusal) -> None:
    """Whichever came a hundred times."""
    admission = Admission(day_ns(1))
    times = {Refusal.FUTURE: day_ns(9), Refusal.OVERTAKEN: day_ns(1)}
    for _ in range(MAX_REFUSED):
        assert admission.judge(times[refusal], day_ns(4)) is refusal
    with pytest.raises(BarFileError) as error:
        admission.give_up(times[refusal], day_ns(4), refusal)
    assert f"as {refusal.value}: {ADVICE} (its clock: 2020-01-05 00:00:00 UTC)" in str(error.value)
