"""From when on something may have been said that is heard after a stand-still."""

from __future__ import annotations

import pytest

from common.service import LONGEST_WAIT_NS
from services.inference_worker.standstill import LIMIT_NS, Standstill


def looking(*looks: int) -> Standstill:
    """It was started at 1000, and has looked at its links at these moments."""
    it = Standstill(1000)
    for now in looks:
        it.look(now)
    return it


@pytest.mark.parametrize("waited", [0, LONGEST_WAIT_NS, LIMIT_NS])
def test_who_looks_often_has_not_stood_still(waited: int) -> None:
    """What is heard is as good as said now, also where a turn took as long as a wait may."""
    it = looking(2000, 2000 + waited)
    now = 2000 + waited
    assert (it.said_ns(now), it.lasts(now)) == (now, False)


def test_before_it_looked() -> None:
    """What it hears may have been said right after the look before."""
    now = 2000 + LIMIT_NS + 1
    it = looking(2000, now)
    assert (it.said_ns(now + 5), it.lasts(now + 5)) == (2000, True)


def test_between_hearing_and_taking() -> None:
    """Nor is it known when it heard what it takes now."""
    it = looking(2000, 3000)
    assert it.said_ns(3001) == 3001
    assert it.said_ns(2000 + LIMIT_NS + 1) == 2000


def test_what_waited_comes_bit_by_bit() -> None:
    """For a while after the first look, and no longer."""
    woke = 2000 + 10 * LIMIT_NS
    it = looking(2000, woke, woke + 1)
    assert it.said_ns(woke + LIMIT_NS - 1) == 2000
    it.look(woke + LIMIT_NS)
    assert it.said_ns(woke + LIMIT_NS) == woke + LIMIT_NS


@pytest.mark.parametrize(("pause", "said"), [(1, 2000), (LIMIT_NS, 2000 + 11 * LIMIT_NS)])
def test_twice_in_a_row(pause: int, said: int) -> None:
    """What the first stop kept back may be heard only after the second, unless there was time between them."""
    woke = 2000 + 10 * LIMIT_NS
    again = woke + pause + 5 * LIMIT_NS
    it = looking(2000, woke, woke + pause, again)
    assert it.said_ns(again) == said


def test_before_its_first_look() -> None:
    """Whoever waits for the record of the past hears nothing meanwhile."""
    assert looking(1001 + LIMIT_NS).said_ns(1001 + LIMIT_NS) == 1000
