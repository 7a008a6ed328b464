"""Membership: who is tracked, expected and member, from the sections alone."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from common.config.feed import Feed
from common.market.membership import Membership, Roll

ALL = ("A", "B", "C", "D")


def observe_all(membership: Membership, sections: Sequence[Sequence[str]]) -> list[Roll]:
    """The rolls of sections in order."""
    return [membership.observe(section) for section in sections]


def expected(roll: Roll) -> list[str]:
    """The expected symbols of a roll by name."""
    return [roll.tracked[place] for place in np.flatnonzero(roll.expected)]


def test_the_first_section_is_complete() -> None:
    """Nothing was expected before it, so its coverage is 1; its symbols are tracked in ascending order."""
    roll = Membership().observe(("C", "A", "B"))
    assert roll.tracked == ("A", "B", "C")
    assert (roll.coverage, roll.partial) == (1.0, False)
    assert roll.member.tolist() == roll.present.tolist() == [True] * 3


def test_coverage_counts_those_expected_before() -> None:
    """A newcomer neither helps nor hurts; the absent hurt."""
    rolls = observe_all(Membership(), [ALL, ("A", "B", "C", "Z")])
    assert rolls[1].coverage == 0.75
    assert rolls[1].tracked == (*ALL, "Z")
    assert rolls[1].present.tolist() == [True, True, True, False, True]


def test_the_unseen_leave_and_come_back() -> None:
    """After more than the patience in unseen bars a symbol is not expected; seen again, it is."""
    membership = Membership(patience_bars=2)
    rolls = observe_all(membership, [ALL, *[ALL[:3]] * 3, ALL])
    assert [expected(roll) for roll in rolls] == [[*ALL], [*ALL], [*ALL], [*ALL[:3]], [*ALL]]
    assert [roll.coverage for roll in rolls] == [1.0, 0.75, 0.75, 0.75, 1.0]
    assert rolls[3].tracked == ALL
    assert membership.expected == ALL


def test_stubs_age_nobody() -> None:
    """A few partial sections in a row leave everybody expected, however short the patience."""
    membership = Membership(patience_bars=1)
    rolls = observe_all(membership, [ALL, ("A",), ALL, ("A",), ALL])
    assert [roll.partial for roll in rolls] == [False, True, False, True, False]
    assert all(expected(roll) == [*ALL] for roll in rolls)


def test_a_market_that_shrank_is_believed() -> None:
    """More partial sections in a row than the patience count as unseen bars, so that it does not wait for ever."""
    rolls = observe_all(Membership(patience_bars=2), [ALL, *[("A",)] * 6])
    assert [len(expected(roll)) for roll in rolls] == [4, 4, 4, 4, 4, 1, 1]
    assert [roll.coverage for roll in rolls] == [1.0, *[0.25] * 5, 1.0]


def test_an_empty_section_is_partial() -> None:
    """Nothing came although something was due."""
    rolls = observe_all(Membership(), [(), ALL, ()])
    assert [roll.coverage for roll in rolls] == [1.0, 1.0, 0.0]
    assert [roll.partial for roll in rolls] == [False, False, True]


sections = st.lists(st.lists(st.sampled_from("ABCDEFGH")), max_size=30)


def test_the_long_unseen_are_forgotten() -> None:
    """After more than so many sections without a bar; back again, they are newcomers whom nobody waited for."""
    rolls = observe_all(Membership(patience_bars=1, forget_bars=3), [ALL, *[ALL[:3]] * 4, ALL])
    assert [roll.tracked for roll in rolls] == [*[ALL] * 4, ALL[:3], ALL]
    assert [len(roll.member) for roll in rolls] == [*[4] * 4, 3, 4]
    assert [roll.coverage for roll in rolls] == [1.0, 0.75, 0.75, 1.0, 1.0, 1.0]


def test_who_is_expected_is_not_forgotten() -> None:
    """A stub is no evidence, however few sections a symbol is remembered for."""
    rolls = observe_all(Membership(patience_bars=2, forget_bars=1), [ALL, *[("A",)] * 5])
    assert [len(roll.tracked) for roll in rolls] == [4, 4, 4, 4, 4, 1]
    assert [len(expected(roll)) for roll in rolls] == [4, 4, 4, 4, 4, 1]


def test_contracts_that_roll_leave_no_trace() -> None:
    """Two new symbols a section, each seen ten times: as many are tracked after thousands as after a few."""
    membership = Membership(patience_bars=2, forget_bars=20)
    sizes = {len(membership.observe([f"C{day + ahead}" for ahead in range(10)]).tracked) for day in range(3_000)}
    assert max(sizes) == 30


@settings(deadline=None)
@given(sections, st.integers(0, 3), st.sampled_from([0.0, 0.5, 1.0]), st.integers(1, 6))
def test_forgetting_changes_no_member_and_no_coverage(
    history: list[list[str]], patience: int, least: float, forget: int
) -> None:
    """Beside one who never forgets: the same in everything but who has a place; and nobody is left who should go."""
    silent: dict[str, int] = {}
    keeps, forgets = Membership(patience, least), Membership(patience, least, forget_bars=forget)
    for section in history:
        silent = {symbol: count + 1 for symbol, count in silent.items()} | dict.fromkeys(section, 0)
        whole, roll = keeps.observe(section), forgets.observe(section)
        assert (roll.coverage, roll.partial, expected(roll)) == (whole.coverage, whole.partial, expected(whole))
        assert list(roll.tracked) == [
            each for each in whole.tracked if each in expected(whole) or silent[each] <= forget
        ]
        for name in ("present", "member"):
            kept = np.isin(whole.tracked, roll.tracked)
            np.testing.assert_array_equal(getattr(roll, name), getattr(whole, name)[kept])
            assert not getattr(whole, name)[~kept].any()


@st.composite
def markets(draw: st.DrawFn) -> list[list[str]]:
    """Sections in stretches: of a few symbols over and over, of one alone, of anybody."""
    stretch = st.tuples(st.lists(st.sampled_from("ABCDEF"), min_size=1, unique=True), st.integers(1, 6))
    return [section for section, length in draw(st.lists(stretch, min_size=8, max_size=20)) for _ in range(length)]


@settings(deadline=None, max_examples=200)
@given(markets(), st.integers(1, 2), st.sampled_from([0.0, 0.5, 0.9, 1.0]), st.integers(1, 9), st.data())
def test_the_newest_sections_tell_it_all(
    market: list[list[str]], patience: int, least: float, forget: int, data: st.DataObject
) -> None:
    """Recalled from as many as the configuration asks for, with the coverage they had, all that follows is the same."""
    whole = Membership(patience, least, forget_bars=forget)
    rolls = observe_all(whole, market)
    feed = Feed.model_validate({"source": {"bars": "-"}, "patience_bars": patience, "forget_bars": forget})
    stop = data.draw(st.integers(1, len(market)))
    first = max(stop - feed.needed_sections - 1, 0)
    again = Membership(patience, least, forget_bars=forget)
    again.admit(rolls[first].tracked)
    for section, roll in zip(market[first:stop], rolls[first:stop], strict=True):
        again.recall(section, roll.coverage)
    for section, roll in zip(market[stop:], rolls[stop:], strict=True):
        found = again.observe(section)
        assert (found.tracked, found.coverage, expected(found)) == (roll.tracked, roll.coverage, expected(roll))


@settings(deadline=None)
@given(sections, st.integers(0, 3), st.sampled_from([0.0, 0.5, 1.0]))
def test_it_agrees_with_a_plain_account(history: list[list[str]], patience: int, least: float) -> None:
    """Against sets and counters written down one by one; order and repeats within a section mean nothing."""
    membership = Membership(patience_bars=patience, min_coverage=least)
    unseen: dict[str, int] = {}
    run = 0
    for section in history:
        due = {symbol for symbol, bars in unseen.items() if bars <= patience}
        coverage = len(due & set(section)) / len(due) if due else 1.0
        run = run + 1 if coverage < least else 0
        counts = coverage >= least or run > patience
        unseen = {symbol: 0 if symbol in section else unseen[symbol] + counts for symbol in sorted({*unseen, *section})}
        roll = membership.observe(section[::-1] * 2)
        assert roll.tracked == tuple(unseen)
        assert roll.coverage == coverage
        assert roll.expected.tolist() == [bars <= patience for bars in unseen.values()]
        assert roll.present.tolist() == [symbol in section for symbol in unseen]


def test_the_new_ones_beyond_the_free_places_are_homeless() -> None:
    """The last by name, whatever their order in the section; those tracked are not, and repeats count once."""
    membership = Membership(most=4)
    membership.observe(("B", "D"))
    found = {symbols: membership.homeless(symbols) for symbols in ("BD", "BDAC", "EDCBA", "FEED", "GGFEBE", "")}
    assert found == {
        "BD": (), "BDAC": (), "EDCBA": ("E",), "FEED": (), "GGFEBE": ("G",), "": (),
    }  # fmt: skip
    assert [membership.leaves_room(symbols) for symbols in ("BD", "A", "AC", "ACE")] == [True, True, False, False]
    membership.observe("ABCD")
    assert membership.homeless("ABCDEF") == ("E", "F")


def test_a_list_that_is_longer_than_it_may_be_is_made_to_fit() -> None:
    """It takes nobody; then those leave first who are not expected, and of these who was silent longest."""
    membership = Membership(patience_bars=1, most=3)
    for symbols in ("ABC", "BCD", "CD", "CD", "CD"):
        membership.observe(symbols)
    assert membership.homeless("CE") == ("E",)
    membership.fit()
    assert membership.tracked == ("B", "C", "D")
    assert membership.homeless("CE") == ("E",)
    assert membership.observe("CD").coverage == 1.0
