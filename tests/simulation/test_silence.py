"""What a trading engine may be told while a process stands still."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alphabus.endpoints import SERVICES
from common.config import Policy
from tests.simulation.fate import draw
from tests.simulation.silence import Silence

FATE = replace(draw(0), history=3, live=10)
GOES_ON, SOON_OVER, STANDS = [5, 8, 10], [5, 8, 13], [5, 5, 5]


@pytest.mark.parametrize(
    ("who", "bars", "under_wait", "under_deadline"),
    [
        ("bar_feed", STANDS, {"overdue", "stale"}, {"overdue", "stale"}),
        ("inference_worker", GOES_ON, {"overdue"}, {"overdue"}),
        ("inference_worker", SOON_OVER, {"overdue", "stale"}, {"overdue", "stale"}),
        ("inference_worker", STANDS, {"overdue", "stale"}, {"overdue", "stale"}),
        ("factor_engine", GOES_ON, {"current", "overdue"}, {"current"}),
        ("monitor", GOES_ON, {"current", "overdue"}, {"current"}),
        ("signal_cache", GOES_ON, {"current", "overdue", "gap"}, {"current", "gap"}),
    ],
)
def test_what_the_link_may_be(who: str, bars: list[int], under_wait: set[str], under_deadline: set[str]) -> None:
    """Whoever is missed is told of; of the others nobody says that they are silent."""
    for policy, allowed in ((Policy.WAIT, under_wait), (Policy.DEADLINE, under_deadline)):
        assert Silence(replace(FATE, policy=policy), who).allowed(bars) == allowed


@pytest.mark.parametrize("who", SERVICES)
def test_silence_is_told_of_feed_and_worker_alone(who: str) -> None:
    """A trading engine follows these two."""
    told = Silence(replace(FATE, policy=Policy.WAIT), who).allowed(STANDS)
    assert ("stale" in told) == (who in ("bar_feed", "inference_worker"))
