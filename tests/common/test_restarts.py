"""Back-off and budget of restarts."""

from __future__ import annotations

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
    """What happened more than a window ago neither counts nor delays."""
    restarts = Restarts(budget=2, window_ns=100, first_ns=1)
    assert [restarts.died(now) for now in (0, 50, 101, 152, 300)] == [1, 2, 2, 2, 1]


def test_no_budget_means_no_restart() -> None:
    """Zero is a budget, too."""
    assert Restarts(budget=0).died(0) is None


def test_a_large_budget_never_overflows_the_wait() -> None:
    """A seat that is filled again for ever waits the longest wait, and no longer."""
    restarts = Restarts(budget=1_000_000, longest_ns=7)
    assert {restarts.died(0) for _ in range(300)} == {7}
