"""Changes of predictions, and the limit that decides."""

import numpy as np
import pytest

from common.research.migration.coverage import Coverage
from common.research.migration.predictions import Limit, by_segment, change_of, mover_of

NAN = np.nan
THEIRS = np.array([1.0, 2.0, 3.0, 1.0, 2.0, 3.0])
SECTION = np.array([0, 0, 0, 1, 1, 1])
ALL = Coverage(6, 6, 0, 0, 0)


def test_moves_are_counted_in_deviations() -> None:
    """Mean, median, largest, share beyond the limit, and ranks section by section."""
    change = change_of(np.array([*THEIRS[:5], 0.5]), THEIRS, SECTION, Limit(0.5), std=2.0)
    assert (change.rows, change.unanswered, change.median, change.largest) == (6, 0, 0.0, 1.25)
    assert [change.beyond, change.mean] == pytest.approx([1 / 6, 1.25 / 6])
    assert [change.rank_least, change.rank_mean] == pytest.approx([-0.5, 0.25])


def test_no_answer_has_moved_beyond_every_limit() -> None:
    """Where vnpy has one and the row counts here."""
    change = change_of(np.array([NAN, *THEIRS[1:]]), THEIRS, SECTION, Limit(1e9), std=1.0)
    assert [change.rows, change.unanswered, change.beyond] == pytest.approx([5, 1, 1 / 6])
    assert not Limit(1e9).holds(change, ALL)
    assert Limit(1e9, 0.2).holds(change, ALL)


def test_nothing_compared_never_holds() -> None:
    """Whatever is allowed."""
    none = change_of(np.empty(0), np.empty(0), np.empty(0, np.int64), Limit(), std=1.0)
    assert not Limit(1e9, 1.0).holds(none, ALL)


def test_too_few_compared_never_hold() -> None:
    """Nine of ten are enough, unless more are asked for; of nothing no share is enough."""
    change = change_of(THEIRS, THEIRS, SECTION, Limit(), std=1.0)
    some = Coverage(asked=100, compared=90, no_bar=1, no_member=2, cold=7)
    assert Limit().holds(change, some)
    assert not Limit(compared=0.91).holds(change, some)
    assert not Limit().holds(change, Coverage(100, 89, 11, 0, 0))
    assert Coverage(0, 0, 0, 0, 0).share == 0.0


def test_one_factor_alone() -> None:
    """Mean and largest move; a row that had no answer before says nothing, one that lost it has moved."""
    mover = mover_of("f", np.array([1.0, 2.0, NAN, 5.0]), np.array([1.0, 1.0, 1.0, NAN]), Limit(0.1), std=2.0)
    assert [mover.mean, mover.largest, mover.beyond] == pytest.approx([0.25, 0.5, 2 / 3])


def test_segments_follow_in_time() -> None:
    """Whatever their names' order."""
    assert list(by_segment(np.array(["valid", "test", "train", "valid"]))) == ["train", "valid", "test"]
