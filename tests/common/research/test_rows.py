"""Rows: no training label needs a bar that validation is judged on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import ModelError
from common.research.rows import cut_by_share, divide, label_ends


def test_a_label_ends_at_the_symbols_own_bar() -> None:
    """A hole moves it on; where no bar follows there is no end."""
    present = np.array([[1, 1], [1, 0], [1, 1], [1, 1]], np.bool_)
    assert label_ends(present, 1).tolist() == [[1, 2], [2, 4], [3, 3], [4, 4]]
    assert label_ends(present, 2).tolist() == [[2, 3], [3, 4], [4, 4], [4, 4]]
    assert label_ends(present, 9).tolist() == [[4, 4]] * 4


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    sections=st.integers(30, 120),
    horizon=st.integers(1, 5),
    share=st.floats(0.1, 0.5),
    seed=st.integers(0, 1000),
    missing=st.floats(0.0, 0.6),
)
def test_no_training_label_reaches_into_validation(
    sections: int, horizon: int, share: float, seed: int, missing: float
) -> None:
    """However many bars are missing; and no validation label needs a bar past the end."""
    present = np.random.default_rng(seed).random((sections, 6)) >= missing
    ends = label_ends(present, horizon)
    division = divide(present, ends, cut_by_share(sections, horizon, share))
    section = np.broadcast_to(np.arange(sections)[:, None], present.shape)
    first_validated = section[division.validation].min()
    assert ends[division.train].max() < first_validated
    assert section[division.train].max() + horizon < first_validated
    assert ends[division.validation].max() < sections
    assert not (division.train & division.validation).any()
    assert division.train_sections[0] == 0
    assert division.validation_sections == (division.train_sections[1] + horizon, sections - horizon)


def test_too_few_sections_are_refused() -> None:
    """With how many there are."""
    present = np.ones((5, 3), np.bool_)
    with pytest.raises(ModelError, match="5 sections are too few"):
        cut_by_share(len(present), 3, 0.2)


def test_no_rows_are_refused() -> None:
    """Saying for which part."""
    usable = np.ones((40, 3), np.bool_)
    ends = label_ends(usable, 2)
    cut = cut_by_share(len(usable), 2, 0.2)
    usable[30:] = False
    with pytest.raises(ModelError, match="validate on"):
        divide(usable, ends, cut)
    with pytest.raises(ModelError, match="train on"):
        divide(~usable, ends, cut)
