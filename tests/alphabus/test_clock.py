"""A clock that only its owner moves, and the machine's."""

from __future__ import annotations

import pytest

from alphabus.clock import ManualClock, SystemClock


def test_a_manual_clock_stands_still() -> None:
    """Until it is advanced; then all of its clocks move alike."""
    clock = ManualClock(wall_ns=100)
    assert (clock.monotonic_ns(), clock.boot_ns(), clock.wall_ns()) == (0, 0, 100)
    clock.advance(7)
    assert (clock.monotonic_ns(), clock.boot_ns(), clock.wall_ns()) == (7, 7, 107)


def test_a_machine_may_sleep() -> None:
    """The monotonic clock stands still meanwhile, the others go on."""
    clock = ManualClock(wall_ns=100)
    clock.suspend(60)
    clock.advance(1)
    assert (clock.monotonic_ns(), clock.boot_ns(), clock.wall_ns()) == (1, 61, 161)


@pytest.mark.parametrize("step", [50, -50])
def test_a_wall_clock_may_step(step: int) -> None:
    """Forward or back, and the other clocks do not notice."""
    clock = ManualClock(wall_ns=100)
    clock.step_wall(step)
    assert (clock.monotonic_ns(), clock.boot_ns(), clock.wall_ns()) == (0, 0, 100 + step)


def test_time_does_not_run_backwards() -> None:
    """Advancing by less than nothing is an error."""
    with pytest.raises(ValueError, match="backwards"):
        ManualClock().advance(-1)


def test_the_machine_s_clocks() -> None:
    """The monotonic one never goes back, nor does the boot clock; the wall clock is past the year 2020."""
    clock = SystemClock()
    for read in (clock.monotonic_ns, clock.boot_ns):
        first, second = read(), read()
        assert 0 < first <= second
    assert clock.wall_ns() > 1_577_836_800_000_000_000
