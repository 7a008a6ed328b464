"""When the next child of a seat starts, and until when it may load."""

from __future__ import annotations

from common.restarts import SECOND
from services.inference_worker.executor.schedule import LOAD_NS, Schedule

FIRST_NS = SECOND // 20


def test_one_that_was_lost_is_followed_after_a_longer_wait_each_time() -> None:
    """At most five seconds."""
    it, now, waits = Schedule(), 0, []
    for _ in range(9):
        it.lost(now)
        it.start_soon(now)
        wake = it.wake_ns
        assert wake is not None
        assert not it.is_due(wake - 1)
        assert it.is_due(wake)
        waits.append(wake - now)
        now = wake
    assert waits == [FIRST_NS << number for number in range(7)] + [5 * SECOND] * 2


def test_a_start_that_was_put_off_keeps_its_back_off() -> None:
    """Sent away and called back, a child does not come sooner than it would have."""
    it = Schedule()
    it.lost(0)
    it.start_soon(0)
    it.start_none()
    assert (it.wake_ns, it.is_due(SECOND)) == (None, False)
    it.start_soon(1)
    assert it.wake_ns == FIRST_NS


def test_a_child_that_loads_has_its_time() -> None:
    """Then it is late; once it is ready, nothing is awaited of it."""
    it = Schedule()
    it.started(7)
    assert (it.is_late(7 + LOAD_NS - 1), it.is_late(7 + LOAD_NS), it.wake_ns) == (False, True, 7 + LOAD_NS)
    it.loaded()
    assert (it.is_late(7 + LOAD_NS), it.wake_ns) == (False, None)
