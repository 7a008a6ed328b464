"""A clock that only its owner moves, and the machine's."""

from __future__ import annotations

import pytest

from alphabus.clock import ManualClock, SystemClock


def test_a_manual_clock_stands_still() -> None:
    """Until it is advanced; then both of its clocks move alike."""
    clock = ManualClock(wall_ns=100)
    assert (clock.monotonic_ns(), clock.wall_ns()) == (0, 100)
    clock.advance(7)
    assert (clock.monotonic_ns(), clock.wall_ns()) == (7, 107)


@pytest.mark.parametrize("step", [50, -50])
def test_a_wall_clock_may_step(step: int) -> None:
    """Forward or back, and the monotonic clock does not notice."""
    clock = ManualClock(wall_ns=100)
    clock.step_wall(step)
    assert (clock.monotonic_ns(), clock.wall_ns()) == (0, 100 + step)


def test_time_does_not_run_backwards() -> None:
    """Advancing by less than nothing is an error."""
    with pytest.raises(ValueError, match="backwards"):
        ManualClock().advance(-1)


def test_the_machine_s_clocks() -> None:
    """The monotonic one never goes back; the wall clock is past the year 2020."""
    clock = SystemClock()
    first, second = clock.monotonic_ns(), clock.monotonic_ns()
    assert first <= second
    assert clock.wall_ns() > 1_577_836_800_000_000_000
