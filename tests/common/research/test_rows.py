"""Rows: whose labels are complete, and how far the parts are apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import ModelError, TooFewRowsError
from common.market.span import Span
from common.research.periods import Periods
from common.research.rows import complete, cut_by_periods, cut_by_share


def test_a_label_is_complete_at_the_symbols_own_bar() -> None:
    """A hole moves it on; where no bar follows, or none is there, it never is."""
    present = np.array([[1, 1], [1, 0], [1, 1], [1, 1]], np.bool_)
    assert complete(present, 1).tolist() == [[True, True], [True, False], [True, True], [False, False]]
    assert complete(present, 2).tolist() == [[True, True], [True, False], [False, False], [False, False]]
    assert not complete(present, 9).any()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(sections=st.integers(30, 120), horizon=st.integers(1, 5), share=st.floats(0.1, 0.5))
def test_the_parts_are_apart_by_the_horizon(sections: int, horizon: int, share: float) -> None:
    """However history is shared out; and no validation label needs a bar past the end."""
    cut = cut_by_share(sections, horizon, share)
    assert cut.train[0] == 0
    assert cut.validation == (cut.train[1] + horizon, sections - horizon)
    assert cut.limit == sections


def test_too_few_sections_are_refused() -> None:
    """With how many there are, and how many would do: one less would not."""
    with pytest.raises(ModelError, match=r"^5 sections of history are too few, 8 are needed: the last 20% .* 3 bars"):
        cut_by_share(5, 3, 0.2)
    with pytest.raises(ModelError, match=r"^7 sections of history are too few, 8 are needed"):
        cut_by_share(7, 3, 0.2)
    assert cut_by_share(8, 3, 0.2).train == (0, 1)
    with pytest.raises(ModelError, match=r"^7 sections of history are too few: the last 0%"):
        cut_by_share(7, 3, 0.0)


@pytest.mark.parametrize(
    ("train", "valid", "told"),
    [
        ((0, 3), (10, 14), None),
        ((0, 3), (10, 12), "the valid span .* has 3 sections of the bars and needs 4: the label looks 3 bars ahead"),
        ((0, 3), (4, 9), None),
        (
            (1, 3),
            (4, 9),
            "the train span .* has 3 sections of the bars and needs 4: .* its last 3 are learnt by nobody",
        ),
        ((2, 2), (4, 9), "the train span .* has 1 section of the bars and needs 3"),
        ((2, 2), (6, 9), None),
    ],
)
def test_a_span_that_the_embargo_leaves_nothing_of_is_named(
    train: tuple[int, int], valid: tuple[int, int], told: str | None
) -> None:
    """With its sections and those it needs: the gap between spans counts for the first, the bars' end for the last."""
    stamp, periods = np.arange(20), Periods(Span(*train), Span(*valid))
    if told is None:
        cut = cut_by_periods(stamp, 3, periods)
        assert cut.leaves_some
        assert cut.limit == valid[1] + 1
    else:
        with pytest.raises(TooFewRowsError, match=told):
            cut_by_periods(stamp, 3, periods)
