"""Rows: whose labels are complete, and how far the parts are apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import ModelError
from common.research.rows import complete, cut_by_share


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
    """With how many there are."""
    with pytest.raises(ModelError, match="5 sections are too few"):
        cut_by_share(5, 3, 0.2)
