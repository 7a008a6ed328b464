"""When the next section may go out."""

from __future__ import annotations

import pytest

from services.bar_feed.pacing import Pacing


def test_unpaced_by_credit() -> None:
    """Never more than `credit` sections ahead of the slowest consumer, at whatever time."""
    pacing = Pacing(None, credit=3)
    assert [pacing.may_send(0, ahead, paced=True) for ahead in (0, 2, 3, 4)] == [True, True, False, False]
    pacing.sent(0)
    assert pacing.due_in_ns(0) == 0


def test_paced_by_time_alone() -> None:
    """The first at once, each a pace after the one before was due; credit does not matter."""
    pacing = Pacing(100, credit=1)
    assert pacing.may_send(1000, ahead=99, paced=True)
    pacing.sent(1000)
    assert [pacing.may_send(now, 99, paced=True) for now in (1000, 1099, 1100)] == [False, False, True]
    assert pacing.due_in_ns(1040) == 60


@pytest.mark.parametrize(("sent_at", "next_due_in"), [(1103, 97), (1199, 1), (1350, 0)])
def test_lateness_is_neither_kept_nor_made_up_for_in_a_burst(sent_at: int, next_due_in: int) -> None:
    """A section sent late does not delay the next; after a long stop they go on from now."""
    pacing = Pacing(100, credit=1)
    pacing.sent(1000)
    pacing.sent(sent_at)
    assert pacing.due_in_ns(sent_at) == next_due_in
    pacing.sent(sent_at)
    assert pacing.due_in_ns(sent_at) >= min(next_due_in + 100, 100)


def test_history_is_never_paced() -> None:
    """It waits for credit, also where the rest is paced."""
    pacing = Pacing(100, credit=2)
    pacing.sent(0)
    assert [pacing.may_send(1, ahead, paced=False) for ahead in (1, 2)] == [True, False]
