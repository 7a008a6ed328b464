"""The last so many numbers, in memory that does not grow."""

from __future__ import annotations

import tracemalloc
from collections import deque

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.monitor.census import REMEMBERED
from services.monitor.ring import Ring


@given(st.integers(1, 9), st.lists(st.integers(0, 2**62), max_size=30))
def test_it_holds_the_newest(size: int, numbers: list[int]) -> None:
    """As a bounded queue does, in whatever order."""
    ring = Ring(size)
    for number in numbers:
        ring.add(number)
    assert sorted(ring.numbers.tolist()) == sorted(deque(numbers, size))


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=300), st.floats(0, 1))
def test_quantiles_are_those_of_numpy(numbers: list[int], share: float) -> None:
    """Each of them is one that is held, the next higher one where none stands there."""
    ring = Ring(200)
    for number in numbers:
        ring.add(number)
    assert ring.quantiles(share, 1.0) == [np.quantile(numbers[-200:], share, method="higher"), max(numbers[-200:])]


def test_it_is_as_large_at_first_as_it_will_ever_be() -> None:
    """Or a monitor grows for ten thousand sections, and nobody knows whether it is going to stop."""
    ring = Ring(REMEMBERED)
    tracemalloc.start()
    try:
        for number in range(2 * REMEMBERED):
            ring.add(number << 40)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < REMEMBERED  # less than a byte a number
