"""Back-off and budget of restarts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.restarts import SECOND, Restarts


def test_each_wait_is_twice_the_one_before_up_to_the_longest() -> None:
    """50 ms, 100 ms ... 5 s."""
    restarts = Restarts()
    waits = [restarts.died(0) for _ in range(10)]
    assert waits == [SECOND // 20 << number for number in range(7)] + [5 * SECOND] * 3


def test_the_budget_ends() -> None:
    """The death after the last restart of the budget gets none."""
    restarts = Restarts(budget=2)
    assert [restarts.died(now) is None for now in (0, 1, 2)] == [False, False, True]


def test_old_deaths_are_forgotten() -> None:
    """What happened more than a window ago does not count."""
    restarts = Restarts(budget=2, window_ns=100, calm_ns=100, first_ns=1)
    assert [restarts.died(now) for now in (0, 50, 101, 152, 300)] == [1, 2, 2, 2, 1]


def test_after_a_calm_time_the_first_wait_is_short_again() -> None:
    """What happened before it counts for the budget all the same."""
    restarts = Restarts(budget=3, window_ns=1000, calm_ns=10, first_ns=1)
    assert [restarts.died(now) for now in (0, 5, 100, 200)] == [1, 2, 1, None]


def lived_until_the_end(restarts: Restarts, life_ns: int, most: int = 100) -> int | None:
    """How often a process that lives for so long each time is started again; None: for ever."""
    now = 0
    for starts in range(most):
        now += life_ns
        wait_ns = restarts.died(now)
        if wait_ns is None:
            return starts
        now += wait_ns
    return None


@given(st.integers(0, 60 * SECOND))
def test_a_crash_loop_of_any_pace_spends_the_budget(life_ns: int) -> None:
    """Whether it dies at once or after a minute, again and again."""
    restarts = Restarts()
    assert lived_until_the_end(restarts, life_ns) == restarts.budget


@pytest.mark.parametrize("minutes", [2, 60])
def test_who_lives_for_minutes_is_always_started_again(minutes: int) -> None:
    """That is no loop: each time it is told of, and work goes on."""
    assert lived_until_the_end(Restarts(), minutes * 60 * SECOND) is None


def test_no_budget_means_no_restart() -> None:
    """Zero is a budget, too."""
    assert Restarts(budget=0).died(0) is None


def test_a_large_budget_never_overflows_the_wait() -> None:
    """A seat that is filled again for ever waits the longest wait, and no longer."""
    restarts = Restarts(budget=1_000_000, longest_ns=7)
    assert {restarts.died(0) for _ in range(300)} == {7}
