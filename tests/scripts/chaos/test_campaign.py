"""Which faults are drawn: every kind, both policies, the same from the same seed."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphabus.endpoints import SERVICES
from common.config import Policy
from scripts.chaos.__main__ import estimate_min
from scripts.chaos.campaign import KINDS, LONGEST_PAUSE_S, Fault, Group, draw


def test_every_service_and_group_is_killed_and_nobody_is_forgotten() -> None:
    """A new service is struck without anybody thinking of it."""
    killed = {kind.target for kind in KINDS if kind.fault is Fault.KILL}
    assert killed == {*SERVICES, *Group}
    assert {kind.target for kind in KINDS if kind.fault is Fault.STOP} >= {*SERVICES, Group.EXECUTOR, Group.ALL}


def test_a_seed_draws_the_same_campaign_twice() -> None:
    """A failing campaign can be run again; another seed draws another one."""
    assert draw(7, 60, 2, 160) == draw(7, 60, 2, 160)
    assert draw(7, 60, 2, 160) != draw(8, 60, 2, 160)


def test_a_full_deck_meets_every_kind_under_both_policies() -> None:
    """Twice as many rounds as kinds: each stands there once under each policy."""
    dealt = Counter((fought.kind, fought.policy) for fought in draw(1, 2 * len(KINDS), 1, 160))
    assert dealt == Counter((kind, policy) for kind in KINDS for policy in Policy)


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 200), st.integers(1, 8), st.integers(40, 400))
def test_strikes_are_enough_in_order_and_early(seed: int, faults: int, strikes: int, sections: int) -> None:
    """At least as many as asked for; none in the last tenth, which is to show what they did."""
    rounds = draw(seed, faults, strikes, sections)
    assert sum(len(fought.strikes) for fought in rounds) >= faults
    for fought in rounds:
        places = [strike.at for strike in fought.strikes]
        assert places == sorted(set(places))
        assert 1 <= places[0] <= places[-1] < sections * 9 // 10
        assert all(0.0 < strike.pause_s <= LONGEST_PAUSE_S for strike in fought.strikes)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_kind_is_named_by_fault_and_target(kind: object) -> None:
    """The table's first column reads as a sentence."""
    fault, _, target = str(kind).partition(" ")
    assert fault in {*Fault}
    assert target in {*SERVICES, *Group}


def test_the_estimate_grows_with_rounds_and_pauses() -> None:
    """A round takes what the undisturbed one took, and the time in which things stand still or come back."""
    rounds = draw(1, 60, 2, 160)
    pauses = sum(strike.pause_s for fought in rounds for strike in fought.strikes)
    assert estimate_min(rounds, 6.0) == pytest.approx((len(rounds) * 6.0 + pauses) / 60)
    assert estimate_min(rounds * 10, 6.0) == pytest.approx(10 * estimate_min(rounds, 6.0))
