"""Which faults are drawn: every kind, both policies, the same from the same seed, within everybody's budget."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphabus.endpoints import SERVICES
from alphabus.inlet import STALE_NS
from common.config import Policy
from common.restarts import Restarts
from scripts.chaos.__main__ import SECTIONS_A_STRIKE, estimate_min
from scripts.chaos.campaign import KINDS, LONG_PAUSE_S, MOST_SECTIONS, PACE_S, SHORT_PAUSE_S, STOPS, Fault, Group, draw

MOST_STRIKES = 60


def test_every_service_and_group_is_killed_and_nobody_is_forgotten() -> None:
    """A new service is struck without anybody thinking of it."""
    killed = {kind.target for kind in KINDS if kind.fault is Fault.KILL}
    assert killed == {*SERVICES, *Group}
    assert {kind.target for kind in KINDS if kind.fault is Fault.STOP} >= {*SERVICES, Group.EXECUTOR, Group.ALL}


def test_a_seed_draws_the_same_campaign_twice() -> None:
    """A failing campaign can be run again; another seed draws another one."""
    assert draw(7, 60, 30) == draw(7, 60, 30)
    assert draw(7, 60, 30) != draw(8, 60, 30)


@pytest.mark.parametrize("strikes", [1, 7, 15, 30])
def test_every_kind_strikes_under_both_policies(strikes: int) -> None:
    """However rounds are cut: a deck under each policy meets every kind once."""
    dealt = Counter(
        (strike.kind, fought.policy)
        for fought in draw(1, 4 * strikes * len(KINDS), strikes)
        for strike in fought.strikes
    )
    assert set(dealt) == {(kind, policy) for kind in KINDS for policy in Policy}
    assert max(dealt.values()) - min(dealt.values()) <= 1


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 300), st.integers(1, MOST_STRIKES))
def test_as_many_strikes_as_were_asked_for(seed: int, faults: int, strikes: int) -> None:
    """To the number; each waits for sections that the market has."""
    rounds = draw(seed, faults, strikes)
    assert [fought.number for fought in rounds] == list(range(1, len(rounds) + 1))
    assert [len(fought.strikes) for fought in rounds[:-1]] == [strikes] * (len(rounds) - 1)
    drawn = [strike for fought in rounds for strike in fought.strikes]
    assert len(drawn) == faults
    for strike in drawn:
        assert 1 <= strike.after <= MOST_SECTIONS < SECTIONS_A_STRIKE
        assert 0.0 <= strike.into_s <= PACE_S
        lowest, highest = LONG_PAUSE_S if strike.is_long else SHORT_PAUSE_S
        assert lowest <= strike.pause_s <= highest


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_one_stop_of_each_deck_outlasts_what_a_link_takes_to_turn_stale(seed: int) -> None:
    """And each target has its long stop, under both policies; whatever is drawn, nobody is left out."""
    decks = draw(seed, 2 * len(STOPS) * len(KINDS), len(KINDS))
    for policy in Policy:
        dealt = [[strike.kind for strike in deck.strikes if strike.is_long] for deck in decks if deck.policy is policy]
        assert [len(kinds) for kinds in dealt] == [1] * len(STOPS)
        assert {kind for kinds in dealt for kind in kinds} == set(STOPS)
    assert LONG_PAUSE_S[0] > STALE_NS / 1e9


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_no_round_spends_a_supervisors_budget(seed: int) -> None:
    """Even the longest, and if all of it came within one window: the promise is about restarts, not about halts."""
    for fought in draw(seed, 4 * MOST_STRIKES, MOST_STRIKES):
        kills = [strike.kind for strike in fought.strikes if strike.kind.fault is Fault.KILL]
        launches = [place for place, kind in enumerate(kills) if kind.target == Group.LAUNCHER]
        for first, last in pairwise([-1, *launches, len(kills)]):  # a new launcher has new supervisors
            deaths = Counter(name for kind in kills[first + 1 : last] for name in kind.victims)
            assert all(count <= Restarts().budget for count in deaths.values())


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_kind_is_named_by_fault_and_target(kind: object) -> None:
    """The table's first column reads as a sentence."""
    fault, _, target = str(kind).partition(" ")
    assert fault in {*Fault}
    assert target in {*SERVICES, *Group}


def test_the_estimate_grows_with_rounds_and_strikes() -> None:
    """More rounds of the same strikes cost their starts; ten times the strikes ten times as much."""
    assert estimate_min(draw(1, 60, 30)) < estimate_min(draw(1, 60, 5))
    assert estimate_min(draw(1, 600, 30)) == pytest.approx(10 * estimate_min(draw(1, 60, 30)), rel=0.2)
