"""Agreement, differences and their causes, on a handful of numbers."""

import numpy as np
import pytest

from common.research.migration.findings import Finding, Sides, agree, find
from common.research.migration.reasons import Reason

NAN = np.nan
THEIRS = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
STD = float(THEIRS.std())


def found(ours: list[float], apart: dict[Reason, list[float]] | None = None, theirs: object = THEIRS) -> Finding:
    """Compare; what is made on purpose together is the last of what is made apart, or ours."""
    made = {reason: np.array(values) for reason, values in (apart or {}).items()}
    together = list(made.values())[-1] if made else np.array(ours)
    missing = {Reason.MISSING: lambda _: np.array([False, True, False, False, False])}
    return find("f", "close", Sides(np.array(ours), np.array(theirs), made, together), missing)


def test_equal_values_have_no_cause() -> None:
    """To 1e-9 relative."""
    same = found([1.0, 2.0, 3.0, 4.0 * (1 + 5e-10), 5.0])
    assert (same.rows, same.agreeing, same.share, same.causes) == (5, 5, 1.0, ())
    assert same.largest < 1e-8


def test_a_difference_made_on_purpose_explains_what_it_reproduces() -> None:
    """With the rows it changes and by how much, in standard deviations."""
    odd = found([1.0, 2.0, 3.0, 4.5, 6.0], {Reason.DECAY: [1.0, 2.0, 3.0, 4.0, 5.0]})
    (cause,) = odd.causes
    assert (cause.reason, cause.rows, odd.agreeing) == (Reason.DECAY, 2, 3)
    assert [cause.largest, odd.largest] == pytest.approx([1.0 / STD] * 2)


def test_what_is_left_is_traced_in_order() -> None:
    """A number on one side alone, a row somebody traces, rounding, and a rest that nothing explains."""
    rest = found([NAN, 2.5, 3.0 + 1e-7, 4.0, 6.0])
    rows = {each.reason: each.rows for each in rest.causes}
    assert rows == {Reason.MISSING: 2, Reason.ROUNDING: 1, Reason.UNEXPLAINED: 1}
    assert rest.one_sided == 1
    assert list(rest.reasons) == sorted(rest.reasons, key=list(Reason).index)


def test_what_vnpys_prices_alone_explain_is_their_last_bits() -> None:
    """With everything made on purpose the value is vnpy's, and no difference by itself moves it."""
    sides = Sides(np.array([1.0, 2.0, 3.0, 4.0, 6.0]), THEIRS, {}, THEIRS)
    (cause,) = find("f", "close", sides, {}).causes
    assert (cause.reason, cause.rows) == (Reason.LAST_BITS, 1)


def test_a_difference_that_misses_leaves_the_rest_unexplained() -> None:
    """One that changes rows, but not to vnpy's numbers."""
    odd = found([1.0, 2.0, 3.0, 4.0, 7.0], {Reason.CAST: [1.0, 2.0, 3.0, 4.0, 6.0]})
    assert {each.reason: each.rows for each in odd.causes} == {Reason.CAST: 1, Reason.UNEXPLAINED: 1}


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (NAN, NAN, True),
        (NAN, np.inf, True),
        (NAN, 1.0, False),
        (1.0, np.inf, False),
        (0.0, -0.0, True),
        (1, 1.1, False),
    ],
)
def test_what_is_the_same(left: float, right: float, *, same: bool) -> None:
    """Neither a number, or the same number: vnpy's infinity is NaN here."""
    assert agree(np.array([left]), np.array([right])).tolist() == [same]


def test_a_factor_without_spread_is_measured_as_it_is() -> None:
    """Of one value there is no deviation to measure in."""
    flat = found([2.0, 2.0, 2.0, 2.0, 2.5], theirs=[2.0] * 5)
    assert (flat.std, flat.largest) == (1.0, 0.5)
